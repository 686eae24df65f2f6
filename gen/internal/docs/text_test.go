package docs

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
	dom "golang.org/x/net/html"
)

// render returns Markdown as GitHub shows it. HTML in it is kept, so that
// nothing is hidden from the tests.
func render(t *testing.T, markdown string) *dom.Node {
	t.Helper()
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))
	var b bytes.Buffer
	if err := md.Convert([]byte(markdown), &b); err != nil {
		t.Fatal(err)
	}
	n, err := dom.Parse(&b)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// seen returns the text in the elements called name, each without the marks of
// code spans and with one space between words. It fails for elements that
// neither a paragraph nor a table with code and addresses has.
func seen(t *testing.T, n *dom.Node, name string) []string {
	t.Helper()
	expected := strings.Fields("html head body h1 p ul li table thead tbody tr th td code br a")
	var out []string
	for n := range n.Descendants() {
		switch {
		case n.Type == dom.CommentNode:
			t.Errorf("a comment: %q", n.Data)
		case n.Type != dom.ElementNode:
		case !slices.Contains(expected, n.Data):
			t.Errorf("the element <%s>", n.Data)
		case n.Data == "a" && !slices.ContainsFunc(n.Attr, func(a dom.Attribute) bool {
			return a.Key == "href" && (strings.HasPrefix(a.Val, "http") || strings.HasPrefix(a.Val, "mailto:") ||
				strings.HasPrefix(a.Val, "ftp://"))
		}):
			t.Errorf("a link to %v", n.Attr)
		case n.Data == name:
			out = append(out, words(textOf(n)))
		}
	}
	return out
}

func textOf(n *dom.Node) string {
	var b strings.Builder
	for n := range n.Descendants() {
		if n.Type == dom.TextNode {
			b.WriteString(n.Data)
		} else if n.Data == "br" {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func words(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ReplaceAll(text, "`", ""), func(r rune) bool {
		return r <= ' ' || r >= 0x7f && r <= 0xa0 || strings.ContainsRune("\u2028\u2029\ufeff\ufffd", r)
	}), " ")
}

// hostile are texts with what Markdown and HTML give a meaning to.
var hostile = []string{
	"plain", "a | b", "a \\| b", "`a|b` and `c`", "``two`` and `", "# heading", "- item\n- item", "+ x", "1. x", "12) x",
	"> quote", "===", "---", "***", "a\n===", "a\n---", "| a | b |\n|---|---|\n| c | d |", "```go\nx\n```", "~~~\nx\n~~~",
	"<b>bold</b>", "<script>alert(1)</script>", "<!-- x -->", "-->", "&lt;&#60;&amp & x", "*a* **b** _c_ __d__ a_b_c",
	"[a](b)", "[a][b]\n\n[b]: c", "![a](b)", "<https://a.example>", "https://a.example/x_y?a=b&c=d.", "(http://a.example)",
	"javascript:alert(1)", "a  \nb", "a\\\nb", "\tcode", "    code", "\\", "\\\\", "`\\`", "`a``b`", "~~a~~ ~b~", "$a$",
	"a@b.example", "www.a.example", "- [ ] task", "* x", "_ x", "^ x", "a\r\n\r\nb", "\u2028", "`|\\|`", "`&lt;`", "`<b>`",
	"&copy;", "http://a.example/`x`", "http://|", "1.", "#", "-", "0)", "[^1]: x", "[^1]", "a:\n: b", "\\`a`", "`a\\`",
	"*`a*`", "`a` `b`", "https://a.example/*x*", "=x", "\x00\x1b[31m", "日本 *語*", "a*b*c", "é_ü_", "_é_", "`` ` ``",
}

func checkText(t *testing.T, text string) {
	t.Helper()
	want := words(text)
	lines := paragraphs(text)
	if got := words(strings.Join(seen(t, render(t, strings.Join(lines, "\n\n")+"\n"), "p"), " ")); got != want {
		t.Errorf("%q as paragraphs %q is seen as %q", text, lines, got)
	}
	for _, name := range []string{"td", "li", "h1"} {
		cell, markdown := strings.Join(lines, "<br>"), ""
		switch name {
		case "td":
			markdown = "| a | b |\n|---|---|\n| " + cell + " | " + code(text) + " |\n"
		case "li":
			markdown = "- " + code(text) + "\n"
		case "h1":
			markdown = "# " + escape(strings.Join(strings.Fields(words(text)), " ")) + "\n"
		}
		got := seen(t, render(t, markdown), name)
		inCode := want
		if strings.TrimSpace(oneLine(text)) == "" {
			inCode = words(`"` + oneLine(text) + `"`)
		}
		wants := map[string][]string{"td": {want, inCode}, "li": {inCode}, "h1": {want}}[name]
		if !slices.Equal(got, wants) {
			t.Errorf("%q in <%s> as %q is seen as %q, want %q", text, name, markdown, got, wants)
		}
	}
}

func TestText_SeenAsItIs(t *testing.T) {
	for _, text := range hostile {
		checkText(t, text)
	}
}

func FuzzText(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || len(text) > 1000 {
			t.Skip("YAML has only UTF-8")
		}
		checkText(t, text)
	})
}
