package messaging_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	amqp "github.com/rabbitmq/amqp091-go"

	"example.com/service/messaging"
)

// world has names and a database of its own for each test.
type world struct {
	t        *testing.T
	name     string
	database string
	pool     *pgxpool.Pool
	broker   *amqp.Connection
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, name: "t-" + uuid.NewString()[:12]}
	admin, err := pgx.Connect(t.Context(), os.Getenv("POSTGRES_URL"))
	must(t, err)
	_, err = admin.Exec(t.Context(), fmt.Sprintf("CREATE DATABASE %q", w.name))
	must(t, err)
	at, err := url.Parse(os.Getenv("POSTGRES_URL"))
	must(t, err)
	at.Path = "/" + w.name
	w.database = at.String()
	w.pool, err = pgxpool.New(t.Context(), w.database)
	must(t, err)
	for script := range strings.SplitSeq(os.Getenv("TEMPLATE_SQL"), ":") {
		text, err := os.ReadFile(script)
		must(t, err)
		_, err = w.pool.Exec(t.Context(), string(text))
		must(t, err)
	}
	_, err = w.pool.Exec(t.Context(), "CREATE TABLE effects (n int, attempt int, traceparent text)")
	must(t, err)
	w.broker, err = amqp.Dial(os.Getenv("RABBITMQ_URL"))
	must(t, err)
	t.Cleanup(func() {
		w.broker.Close()
		w.pool.Close()
		_, err := admin.Exec(context.Background(), fmt.Sprintf("DROP DATABASE %q WITH (FORCE)", w.name))
		must(t, err)
		admin.Close(context.Background())
	})
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) publisher() *messaging.Publisher {
	w.t.Helper()
	publisher, err := messaging.NewPublisher(w.broker, "tests", 5*time.Second)
	must(w.t, err)
	w.t.Cleanup(func() { publisher.Close() })
	return publisher
}

func (w *world) message(n int, do string) messaging.Message {
	body, _ := json.Marshal(map[string]any{"n": n, "do": do})
	return messaging.NewMessage(w.name, fmt.Sprint(n), "test.done", body)
}

func (w *world) effects() []int {
	w.t.Helper()
	rows, err := w.pool.Query(w.t.Context(), "SELECT n FROM effects ORDER BY n")
	must(w.t, err)
	found, err := pgx.CollectRows(rows, pgx.RowTo[int])
	must(w.t, err)
	return found
}

func (w *world) expectEffects(p *process, wanted ...int) {
	w.t.Helper()
	eventually(w.t, p, fmt.Sprintf("effects %v", wanted), func() bool { return slices.Equal(w.effects(), wanted) })
}

// depth is how many messages wait in a queue; -1 when there is none.
func (w *world) depth(queue string) int {
	w.t.Helper()
	messages, _ := w.inspect(queue)
	return messages
}

func (w *world) inspect(queue string) (messages, consumers int) {
	w.t.Helper()
	channel, err := w.broker.Channel()
	must(w.t, err)
	defer channel.Close()
	found, err := channel.QueueDeclarePassive(queue, true, false, false, false, nil)
	if err != nil {
		return -1, 0
	}
	return found.Messages, found.Consumers
}

// process is a consumer in a process of its own.
type process struct {
	command *exec.Cmd
	ended   chan struct{}
	mutex   sync.Mutex
	said    []string
}

func (w *world) consume(broker string, variables ...string) *process {
	w.t.Helper()
	command := exec.Command(os.Getenv("TEST_WORKER"), w.name)
	command.Env = append(append(os.Environ(), "DATABASE_URL="+w.database, "BROKER_URL="+broker), variables...)
	out, err := command.StdoutPipe()
	must(w.t, err)
	command.Stderr = command.Stdout
	must(w.t, command.Start())
	p := &process{command: command, ended: make(chan struct{})}
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			p.mutex.Lock()
			p.said = append(p.said, lines.Text())
			p.mutex.Unlock()
		}
		_ = command.Wait()
		close(p.ended)
	}()
	w.t.Cleanup(func() { _ = command.Process.Kill(); <-p.ended })
	eventually(w.t, p, "the consumer", func() bool {
		_, consumers := w.inspect(w.name)
		return consumers > 0 || p.hasEnded()
	})
	return p
}

func (w *world) worker(variables ...string) *process {
	w.t.Helper()
	return w.consume(os.Getenv("RABBITMQ_URL"), variables...)
}

func (p *process) text() string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return strings.Join(p.said, "\n")
}

func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

func (p *process) exit(t *testing.T) int {
	t.Helper()
	select {
	case <-p.ended:
		return p.command.ProcessState.ExitCode()
	case <-time.After(2 * time.Minute):
		t.Fatal("it did not end: ", p.text())
		return 0
	}
}

func (p *process) terminate(t *testing.T) {
	t.Helper()
	must(t, p.command.Process.Signal(syscall.SIGTERM))
	if code := p.exit(t); code != 0 || !strings.Contains(p.text(), "ended") {
		t.Fatalf("it ended with %d: %s", code, p.text())
	}
}

func eventually(t *testing.T, p *process, what string, holds func() bool) {
	t.Helper()
	for until := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("%s did not come: %s", what, p.text())
		}
	}
}

// gate is a way to the broker that can be shut: what is sent then is swallowed, and no answer comes.
type gate struct {
	shut  atomic.Bool
	url   string
	mutex sync.Mutex
	open  []net.Conn
}

// cut ends the connections.
func (g *gate) cut() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	for _, connection := range g.open {
		connection.Close()
	}
}

func newGate(t *testing.T) *gate {
	t.Helper()
	at, err := url.Parse(os.Getenv("RABBITMQ_URL"))
	must(t, err)
	server := at.Host
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { listener.Close() })
	at.Host = listener.Addr().String()
	g := &gate{url: at.String()}
	go func() {
		for {
			here, err := listener.Accept()
			if err != nil {
				return
			}
			there, err := net.Dial("tcp", server)
			if err != nil {
				here.Close()
				continue
			}
			g.mutex.Lock()
			g.open = append(g.open, here, there)
			g.mutex.Unlock()
			go g.pump(here, there)
			go g.pump(there, here)
		}
	}()
	return g
}

func (g *gate) pump(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	buffer := make([]byte, 65536)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if g.shut.Load() {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func mark(t *testing.T) string {
	return "MARK=" + filepath.Join(t.TempDir(), "died")
}
