use proptest::prelude::*;

use super::*;

const FULL: &str = r#"# syntax=docker/dockerfile:1
ARG PY=3.12
FROM python:${PY}-slim AS base
WORKDIR /srv
ENV PYTHONUNBUFFERED=1 \
    # a comment inside
    NAME="two words"
ENV OLD form with blanks
RUN pip install \
      httpx \
      pika

FROM --platform=linux/amd64 base AS build
COPY --chown=app:app requirements.txt ./
COPY --from=base ["/a b", "/c"]
RUN <<EOF
apt-get update
FROM nothing
EOF
from base
WORKDIR app/
COPY . .
ARG TOKEN
EXPOSE 8000/tcp 9000
USER app
HEALTHCHECK --interval=5s --timeout=2s CMD curl -f http://localhost:8000/health || exit 1
ENTRYPOINT ["tini", "--"]
CMD ["uvicorn", "app.main:app"]
"#;

fn at(span: Span) -> &'static str {
    &FULL[span.start as usize..span.end as usize]
}

#[test]
fn stages_and_their_instructions_are_read() {
    let file = dockerfile(FULL);
    assert!(file.errors.is_empty(), "{:?}", file.errors);
    assert_eq!(file.stages.len(), 3);
    let base = &file.stages[0];
    assert_eq!(base.resolved_image.as_deref(), Some("python:3.12-slim"));
    assert_eq!(at(base.image.span), "python:${PY}-slim");
    let env: Vec<_> = base.env.iter().map(|s| (s.key.as_str(), s.value.as_ref().unwrap().as_str())).collect();
    assert_eq!(env, [("PYTHONUNBUFFERED", "1"), ("NAME", "two words"), ("OLD", "form with blanks")]);
    assert_eq!(at(base.env[1].value.as_ref().unwrap().span), "\"two words\"");
    assert_eq!(base.runs[0].words(), ["pip", "install", "httpx", "pika"]);
    let build = &file.stages[1];
    assert_eq!(build.base, Some(0));
    assert_eq!(build.copies[0].sources[0].value, "requirements.txt");
    assert_eq!(build.copies[1].from.as_deref(), Some("base"));
    assert_eq!(build.copies[1].sources[0].value, "/a b");
    assert!(build.runs[0].text().contains("apt-get update"));
}

#[test]
fn the_last_stage_tells_what_a_container_runs() {
    let file = dockerfile(FULL);
    let (words, span) = file.start_command(None).unwrap();
    assert_eq!(words, ["tini", "--", "uvicorn", "app.main:app"]);
    assert_eq!(at(span), r#"["tini", "--"]"#);
    assert_eq!(file.workdir(None).as_deref(), Some("/srv/app"));
    let stage = file.stage(None).unwrap();
    assert_eq!(stage.expose.iter().map(|p| p.value.as_str()).collect::<Vec<_>>(), ["8000", "9000"]);
    assert_eq!(at(stage.user.as_ref().unwrap().span), "app");
    let health = file.healthcheck(None).unwrap();
    assert_eq!(health.test.as_ref().unwrap().text(), "curl -f http://localhost:8000/health || exit 1");
    assert_eq!(health.interval.as_ref().unwrap().value, "5s");
    assert_eq!(file.stage(Some("BUILD")).unwrap().base, Some(0));
    assert_eq!(file.start_command(Some("base")), None);
}

#[test]
fn entrypoint_and_cmd_go_together_like_docker_does_it() {
    let shell = dockerfile("FROM a\nENTRYPOINT npm run start\nCMD [\"x\"]\n");
    assert_eq!(shell.start_command(None).unwrap().0, ["npm", "run", "start"]);
    let dropped = dockerfile("FROM a AS b\nCMD [\"x\"]\nFROM b\nENTRYPOINT [\"y\"]\n");
    assert_eq!(dropped.start_command(None).unwrap().0, ["y"]);
    let inherited = dockerfile("FROM a AS b\nCMD node main.js\nFROM b\nRUN x\n");
    assert_eq!(inherited.start_command(None).unwrap().0, ["node", "main.js"]);
    assert!(dockerfile("FROM a\nHEALTHCHECK NONE\n").healthcheck(None).unwrap().disabled);
    assert_eq!(dockerfile("FROM a\nCMD [broken]\n").start_command(None).unwrap().0, ["[broken]"]);
}

#[test]
fn odd_files_are_tolerated_and_told() {
    assert_eq!(dockerfile("").errors[0].message, "no FROM in the Dockerfile");
    assert!(dockerfile("RUN x\nFROM a\n").errors[0].message.contains("in front of the first FROM"));
    assert!(dockerfile("FROM a\nFOO x\n").errors[0].message.contains("`FOO`"));
    assert!(dockerfile("FROM\n").errors[0].message.contains("without an image"));
    assert_eq!(dockerfile("FROM a\r\nCMD [\"x\"]\r\n").start_command(None).unwrap().0, ["x"]);
    assert_eq!(dockerfile("# escape=`\nFROM a\nRUN x `\n  y\n").stages[0].runs[0].words(), ["x", "y"]);
    assert_eq!(dockerfile("FROM a\nRUN x \\\n").stages[0].runs[0].words(), ["x"]);
    assert_eq!(dockerfile("FROM a\nRUN <<EOF\nnever ends\n").stages[0].runs.len(), 1);
    assert_eq!(dockerfile("FROM ${X}\n").stages[0].resolved_image, None);
    let many = dockerfile(&"FROM a AS b\n".repeat(50_000));
    assert_eq!((many.stages.len(), many.errors.len()), (500, 1));
    assert!(many.errors[0].message.contains("more than 500 stages"));
}

proptest! {
    #[test]
    fn never_panics_and_spans_are_inside(
        text in "((FROM |RUN |ENV |CMD |COPY |ARG |HEALTHCHECK |EXPOSE |# escape=`)?[a-b=\"'\\[\\]<E$ä\\\\`#{} -]{0,12}\r?\n){0,8}"
    ) {
        let full = format!("FROM a\n{text}");
        let file = dockerfile(&full);
        for stage in &file.stages {
            let commands = stage.runs.iter().chain(&stage.cmd).map(|c| c.span);
            let settings = stage.env.iter().chain(&stage.args).flat_map(|s| [s.span, s.key.span]);
            let copies = stage.copies.iter().flat_map(|c| [c.span, c.destination.span]);
            for span in commands.chain(settings).chain(copies).chain([stage.span, stage.image.span]) {
                prop_assert!(full.get(span.start as usize..span.end as usize).is_some(), "{:?} in {:?}", span, full);
            }
        }
    }
}
