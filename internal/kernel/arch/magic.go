package arch

import "fmt"

// Magic is the set of marks that an architecture's kernel image must begin with.
type Magic []Mark

// Mark is a sequence of bytes at an offset.
type Mark struct {
	Offset int // bytes from the start
	Bytes  string
	Mask   byte // if not 0, Bytes is one byte, compared under this mask
}

// Check reports, as an error, the first mark that an image does not have. image holds the
// first bytes of a file: at least 68 KiB, or all of a shorter file.
func (m Magic) Check(image []byte) error {
	for _, mark := range m {
		end := mark.Offset + len(mark.Bytes)
		if len(image) < end {
			return fmt.Errorf("check image: too short: %d bytes, expected a mark at %#x", len(image), mark.Offset)
		}
		if got := image[mark.Offset:end]; !mark.matches(got) {
			return fmt.Errorf("check image: got bytes % x at %#x, expected % x", got, mark.Offset, mark.Bytes)
		}
	}
	return nil
}

func (m Mark) matches(got []byte) bool {
	if m.Mask != 0 {
		return got[0]&m.Mask == m.Bytes[0]&m.Mask
	}
	return string(got) == m.Bytes
}

// x86Magic returns the marks of a bzImage's setup header: the boot sector's signature,
// "HdrS", and in xloadflags whether it has a 64-bit entry point (Documentation/arch/x86/boot.rst).
func x86Magic(wide bool) Magic {
	flag := "\x00"
	if wide {
		flag = "\x01"
	}
	return Magic{
		{Offset: 0x1fe, Bytes: "\x55\xaa"},
		{Offset: 0x202, Bytes: "HdrS"},
		{Offset: 0x236, Bytes: flag, Mask: 0x01},
	}
}

// byteOrder is e_ident[EI_DATA] of ELF.
type byteOrder byte

const (
	little byteOrder = 1
	big    byteOrder = 2
)

// elfMagic returns the marks of an ELF header: class, byte order and machine (elf(5),
// e_machine).
func elfMagic(bits int, order byteOrder, machine byte) Magic {
	class, id := "\x01", string([]byte{machine, 0})
	if bits == 64 {
		class = "\x02"
	}
	if order == big {
		id = string([]byte{0, machine})
	}
	return Magic{
		{Offset: 0, Bytes: "\x7fELF" + class + string([]byte{byte(order)})},
		{Offset: 18, Bytes: id},
	}
}
