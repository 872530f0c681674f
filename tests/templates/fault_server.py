"""An HTTP server that fails on purpose. Standard library only.

POST /_plans {"steps": ["503", "503", "200"]} answers {"id": ...}; below /<id>/ each request takes the next
step, the last one again and again. GET /_plans/<id> answers what came: method, target, headers, body, and
the seconds since the plan was made.

Steps: a status; `hang` (accepts and never answers), `drip` (the body comes byte by byte), `reset` (closes
the connection), `garbage` (200 with a body that is no JSON), each with options after a semicolon: `429;retry-after=1`, `200;delay=0.5`. A 2xx carries a payment.
"""

import asyncio
import json
import sys
import time
import uuid
from urllib.parse import urlsplit

PLANS: dict[str, dict] = {}


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await one(reader, writer):
            pass
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    line = (await reader.readline()).decode("latin-1").strip()
    if not line:
        return False
    method, target, _ = line.split(" ", 2)
    headers = {}
    while header := (await reader.readline()).decode("latin-1").strip():
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    body = (await reader.readexactly(int(headers.get("content-length", 0)))).decode()
    parts = target.split("/", 2)
    if parts[1] == "_plans":
        return await control(method, target, body, writer)
    plan = PLANS[parts[1]]
    step, *options = plan["steps"].pop(0).split(";") if len(plan["steps"]) > 1 else plan["steps"][0].split(";")
    option = dict(pair.split("=") for pair in options)
    plan["requests"].append(
        {
            "method": method,
            "target": "/" + (parts[2] if len(parts) > 2 else ""),
            "headers": headers,
            "body": body,
            "at": time.monotonic() - plan["began"],
        }
    )
    plan["open"] += 1
    plan["most_open"] = max(plan["most_open"], plan["open"])
    try:
        await asyncio.sleep(float(option.get("delay", 0)))
        return await act(step, option, method, target, writer)
    finally:
        plan["open"] -= 1


async def act(step: str, option: dict, method: str, target: str, writer: asyncio.StreamWriter) -> bool:
    if step == "reset":
        writer.transport.abort()
        return False
    if step == "hang":
        await asyncio.sleep(3600)
    if step == "drip":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.2)
        return True
    if step == "garbage":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>")
        await writer.drain()
        return True
    more = {"Retry-After": option["retry-after"]} if "retry-after" in option else {}
    if step in {"301", "302"}:
        more["Location"] = target + "/moved"
    payment = {"id": "p-1", "order_id": "o-1", "amount_minor": 4200, "currency": "EUR", "status": "captured"}
    await answer(writer, int(step), payment if step[0] == "2" else {"title": "made to fail"}, more)
    return True


async def control(method: str, target: str, body: str, writer: asyncio.StreamWriter) -> bool:
    if method == "POST":
        name = uuid.uuid4().hex
        PLANS[name] = {
            "steps": json.loads(body)["steps"], "requests": [], "began": time.monotonic(), "open": 0, "most_open": 0
        }
        await answer(writer, 201, {"id": name}, {})
    else:
        await answer(writer, 200, PLANS[urlsplit(target).path.split("/")[2]], {})
    return True


async def answer(writer: asyncio.StreamWriter, status: int, body: object, more: dict) -> None:
    text = json.dumps(body).encode()
    head = [f"HTTP/1.1 {status} Status", "Content-Type: application/json", f"Content-Length: {len(text)}"]
    head += [f"{name}: {value}" for name, value in more.items()]
    writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + text)
    await writer.drain()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
