package source

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"
)

// envelope matches the line that begins a mail of a mailbox, as git format-patch and mail
// programs write it.
var envelope = regexp.MustCompile(`(?m)^From \S+ .*\d:\d\d.* \d{4}.*$`)

// decodeMails returns a patch as it was before a mail program encoded it: each mail of a
// mailbox, its attachments too. Any other text is returned as it is.
func decodeMails(text []byte) ([]byte, error) {
	var starts []int
	for _, at := range envelope.FindAllIndex(text, -1) {
		if at[0] == 0 || bytes.HasSuffix(text[:at[0]], []byte("\n\n")) {
			starts = append(starts, at[0])
		}
	}
	if len(starts) == 0 || starts[0] > 0 {
		starts = append([]int{0}, starts...)
	}
	var out []byte
	for i, start := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		decoded, err := decodeMail(text[start:end])
		if err != nil && len(starts) > 1 {
			err = fmt.Errorf("mail %d of %d: %w", i+1, len(starts), err)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, decoded...)
	}
	return out, nil
}

// decodeMail decodes one mail; a text that is none, or not encoded, is returned as it is.
func decodeMail(text []byte) ([]byte, error) {
	at := envelope.FindIndex(text)
	head := 0
	if at != nil && at[0] == 0 {
		head = min(at[1]+1, len(text))
	}
	message, err := mail.ReadMessage(bytes.NewReader(text[head:]))
	if err != nil {
		return text, nil
	}
	body, err := io.ReadAll(message.Body)
	if err != nil {
		return text, nil
	}
	decoded, err := decodeBody(textproto.MIMEHeader(message.Header), body)
	if err != nil || bytes.Equal(decoded, body) {
		return text, err
	}
	return append(bytes.Clone(text[:len(text)-len(body)]), decoded...), nil
}

// decodeBody decodes the body of a mail or of one of its parts.
func decodeBody(head textproto.MIMEHeader, body []byte) ([]byte, error) {
	kind, params, _ := mime.ParseMediaType(head.Get("Content-Type")) // an invalid one is plain text
	if strings.HasPrefix(kind, "multipart/") && params["boundary"] != "" {
		return decodeParts(body, params["boundary"])
	}
	if kind == "text/html" {
		return nil, nil
	}
	var decoded []byte
	var err error
	switch encoding := strings.ToLower(strings.TrimSpace(head.Get("Content-Transfer-Encoding"))); encoding {
	case "", "7bit", "8bit", "binary":
		decoded = body
	case "quoted-printable":
		if decoded = body; isQuoted(body) {
			decoded, err = io.ReadAll(quotedprintable.NewReader(bytes.NewReader(body)))
		}
	case "base64":
		decoded, err = io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(body)))
	default:
		err = fmt.Errorf("expected quoted-printable, base64 or 8bit, got %q; make the patch with git format-patch", encoding)
	}
	if err != nil {
		return nil, fmt.Errorf("decode its Content-Transfer-Encoding: %w", err)
	}
	if strings.EqualFold(params["format"], "flowed") {
		decoded = unflow(decoded)
	}
	if bytes.Equal(decoded, body) {
		return body, nil
	}
	return withNewline(normalized(decoded)), nil
}

// quotedByte matches what = begins in quoted-printable: a byte, or a broken line.
var quotedByte = regexp.MustCompile(`(?m)=(?:[0-9A-Fa-f]{2}|[ \t]*\r?$)`)

// isQuoted reports whether a text is quoted-printable. Some mail programs decode what they save,
// and leave the header; mime/quotedprintable reads that too, and changes it.
func isQuoted(text []byte) bool {
	return !bytes.Contains(quotedByte.ReplaceAllLiteral(text, nil), []byte("="))
}

// decodeParts returns the decoded parts of a mail, one after the other.
func decodeParts(body []byte, boundary string) (out []byte, err error) {
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the parts of the mail: %w", err)
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return nil, fmt.Errorf("read the parts of the mail: %w", err)
		}
		decoded, err := decodeBody(part.Header, text)
		if err != nil {
			return nil, err
		}
		out = append(out, withNewline(decoded)...)
	}
}

// withNewline returns a text that does not end within a line.
func withNewline(text []byte) []byte {
	if len(text) > 0 && text[len(text)-1] != '\n' {
		return append(bytes.Clone(text), '\n')
	}
	return text
}

// unflow undoes format=flowed (RFC 3676): a blank was put before each line that begins with
// one, and long lines were broken after a blank.
func unflow(text []byte) []byte {
	var out bytes.Buffer
	for line := range bytes.Lines(text) {
		line = bytes.TrimPrefix(line, []byte(" "))
		content := bytes.TrimRight(line, "\r\n")
		isBroken := len(content) > 1 && content[len(content)-1] == ' ' && string(content) != "-- "
		if isBroken {
			line = content
		}
		out.Write(line)
	}
	return out.Bytes()
}
