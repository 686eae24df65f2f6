package rest_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/suites/backend"
)

// maxGrowth is how much memory bad input may take, in bytes.
const maxGrowth = 256 << 20

// Each spec attacks a server of its own. Afterwards it answers, its memory has
// grown by no more than maxGrowth at any time, and it stores what it did before.
var _ = Describe("bad input", func() {
	const collection = "/api/model_registry/v1/registered_models"
	var (
		p *backend.Process
		f *face
	)

	BeforeEach(func(ctx SpecContext) {
		p = serve("--http_read_timeout=2s")
		f = &face{base: p.URL + "/api/model_registry/v1"}
		Expect(f.post(ctx, "registered_models", `{"name":"kept"}`).status).To(Equal(201))
		before, _, err := p.Memory()
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) {
			Expect(f.get(ctx, "registered_models").names()).To(Equal([]string{"kept"}), "nothing else is stored")
			_, highest, err := p.Memory()
			Expect(err).NotTo(HaveOccurred())
			AddReportEntry(fmt.Sprintf("memory grew from %d MiB to at most %d MiB", before>>20, highest>>20))
			Expect(highest-before).To(BeNumerically("<", maxGrowth), "bytes of memory")
		})
	})

	dial := func() net.Conn {
		GinkgoHelper()
		c, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
		Expect(err).NotTo(HaveOccurred())
		Expect(c.SetDeadline(time.Now().Add(time.Minute))).To(Succeed())
		DeferCleanup(func() { _ = c.Close() }) // the server may have closed it
		return c
	}
	status := func(r *bufio.Reader) int {
		GinkgoHelper()
		a, err := http.ReadResponse(r, nil)
		Expect(err).NotTo(HaveOccurred())
		_, err = io.Copy(io.Discard, a.Body)
		Expect(err).NotTo(HaveOccurred())
		return a.StatusCode
	}

	It("is answered with 413 for bodies of 100 MB", func(ctx SpecContext) {
		for _, chunked := range []bool{false, true} {
			var wait sync.WaitGroup
			for range 8 {
				wait.Go(func() {
					defer GinkgoRecover()
					var body io.Reader = io.MultiReader(strings.NewReader(`{"name":"`), &repeated{left: 100 << 20})
					q, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL+collection, body)
					Expect(err).NotTo(HaveOccurred())
					if !chunked {
						q.ContentLength = 9 + 100<<20
					}
					a, err := http.DefaultClient.Do(q)
					if err != nil { // the server closes the connection, and the client may notice that first
						Expect(err.Error()).To(Or(ContainSubstring("reset"), ContainSubstring("broken pipe")))
						return
					}
					defer a.Body.Close()
					Expect(a.StatusCode).To(Equal(413))
				})
			}
			wait.Wait()
		}
	})

	It("is answered with 400 for JSON that is deep, doubled, not UTF-8 or beyond its types", func(ctx SpecContext) {
		deep := strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000)
		number := strings.Repeat("9", 30)
		property := `{"name":"x","customProperties":{"n":{"metadataType":"Metadata%s":%s}}}`
		for _, body := range []string{
			deep, `{"name":` + deep, strings.Repeat("[", 10_000), strings.Repeat("[", 4<<20),
			`{"name":"x","name":"y"}`, `{"name":"x","customProperties":{"a":null,"a":null}}`,
			"{\"name\":\"\xff\xfe\"}", "{\"name\":\"\xed\xa0\x80\"}", `{"name":"x\u0000"}`,
			`{"name":` + number + `}`, fmt.Sprintf(property, `IntValue","int_value`, `"`+number+`"`),
			fmt.Sprintf(property, `DoubleValue","double_value`, "1e999"),
			`{"name":"` + strings.Repeat("x", 1<<20) + `"}`,
		} {
			a := f.send(ctx, http.MethodPost, "registered_models", body)
			Expect(a.status).To(Equal(400), body[:min(len(body), 60)]+" "+a.text)
			Expect(len(a.text)).To(BeNumerically("<", 2<<20))
		}
		metric := `{"artifactType":"metric","value":%s}`
		for _, value := range []string{"1e999", `"x"`, `1,"step":` + number} {
			Expect(f.post(ctx, "artifacts", metric, value).status).To(Equal(400), value)
		}
		Expect(f.get(ctx, "artifacts").names()).To(BeEmpty())
	})

	It("is answered with 431 for headers of 1 MB", func() {
		c := dial()
		go func() {
			_, _ = fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n", collection, strings.Repeat("x", 1<<20))
		}()
		Expect(status(bufio.NewReader(c))).To(Equal(431))
		c = dial()
		go func() { _, _ = fmt.Fprintf(c, "GET %s?x=%s HTTP/1.1\r\n\r\n", collection, strings.Repeat("x", 1<<20)) }()
		Expect(status(bufio.NewReader(c))).To(BeElementOf(414, 431))
	})

	It("delays no other client and is cut off if it is slow", func(ctx SpecContext) {
		var bodies []net.Conn
		for range 200 {
			c := dial()
			_, err := fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", collection)
			Expect(err).NotTo(HaveOccurred())
			bodies = append(bodies, c)
		}
		headers := dial()
		_, err := fmt.Fprintf(headers, "GET %s HTTP/1.1\r\nHost:", collection)
		Expect(err).NotTo(HaveOccurred())
		Expect(f.post(ctx, "registered_models", `{"name":"kept"}`).status).To(Equal(409), "a write is carried out meanwhile")
		for _, c := range bodies {
			Expect(status(bufio.NewReader(c))).To(Equal(408))
		}
		left, err := io.ReadAll(headers)
		Expect(err).NotTo(HaveOccurred(), "the server closes the connection")
		Expect(string(left)).To(Or(BeEmpty(), HavePrefix("HTTP/1.1 4")))
	})

	It("stores nothing of half a request", func() {
		for _, sent := range []string{
			"Content-Length: 20\r\n\r\n{\"name\":\"half\"}",
			"Transfer-Encoding: chunked\r\n\r\nf\r\n{\"name\":\"half\"}\r\n",
			"Transfer-Encoding: chunked\r\n\r\nzz\r\n{\"name\":\"half\"}\r\n0\r\n\r\n",
		} {
			c := dial()
			_, err := fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\n%s", collection, sent)
			Expect(err).NotTo(HaveOccurred())
			Expect(c.(*net.TCPConn).CloseWrite()).To(Succeed())
			Expect(status(bufio.NewReader(c))).To(Equal(400), sent)
		}
	})

	It("is answered in order if requests do not wait for each other", func() {
		c := dial()
		var all bytes.Buffer
		for i := range 1000 {
			fmt.Fprintf(&all, "GET %s/%d HTTP/1.1\r\nHost: x\r\n\r\n", collection, i%2+1)
		}
		go func() { _, _ = c.Write(all.Bytes()) }()
		r := bufio.NewReader(c)
		for i := range 1000 {
			Expect(status(r)).To(Equal([]int{200, 404}[i%2]))
		}
	})

	It("leaves room beside 10,000 idle connections", func(ctx SpecContext) {
		connections := 10_000
		var limit syscall.Rlimit
		Expect(syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)).To(Succeed())
		if most := int(limit.Cur) - 200; connections > most {
			connections = most
			AddReportEntry(fmt.Sprintf("only %d connections: the limit of open files is %d", connections, limit.Cur))
		}
		idle := make([]net.Conn, connections)
		defer func() {
			for _, c := range idle {
				if c != nil {
					_ = c.Close() // the server may have closed it
				}
			}
		}()
		for i := range connections {
			c, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
			Expect(err).NotTo(HaveOccurred())
			idle[i] = c
			if i%2 == 0 { // half of them have sent a request
				_, err := fmt.Fprintf(c, "GET %s/1 HTTP/1.1\r\nHost: x\r\n\r\n", collection)
				Expect(err).NotTo(HaveOccurred())
				Expect(status(bufio.NewReaderSize(c, 1<<10))).To(Equal(200))
			}
		}
		Expect(f.get(ctx, "registered_models/1").status).To(Equal(200))
	})
})

// repeated reads as the letter x, a given number of times.
type repeated struct{ left int }

// Read fills the buffer.
func (r *repeated) Read(into []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := min(len(into), r.left)
	for i := range into[:n] {
		into[i] = 'x'
	}
	r.left -= n
	return n, nil
}
