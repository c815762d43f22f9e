package tool

import "encoding/json"

// Attachment is a file beside a reply: the reply links to it, and shows it where
// it is a small picture.
type Attachment struct {
	// URI is the address of the resource, Name the file's, MIME its type.
	URI, Name, Title, MIME string
	Size                   int64
	// Data are the bytes, nil where the reply only links to them.
	Data []byte
}

// Attachments are embedded in an output that has files beside it.
type Attachments struct {
	Files []Attachment `json:"-"`
	// Drawing is what the view of the tool draws, any JSON value; only a client that
	// shows views is sent it.
	Drawing any `json:"-"`
}

func (a Attachments) attached() Attachments { return a }

type attaching interface{ attached() Attachments }

// attach takes an output's files into the result.
func (r *Result) attach(out any) error {
	a, ok := out.(attaching)
	if !ok {
		return nil
	}
	files := a.attached()
	r.Attachments = files.Files
	if files.Drawing == nil {
		return nil
	}
	if raw, relayed := files.Drawing.(json.RawMessage); relayed {
		r.Drawing = raw
		return nil
	}
	raw, err := json.Marshal(files.Drawing)
	r.Drawing = armored(raw)
	return err
}
