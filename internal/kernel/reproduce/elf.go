package reproduce

import (
	"bytes"
	"debug/elf"
	"fmt"
	"path/filepath"
)

// placesPerFile is the maximum number of differences in one file: one per section of an ELF
// file, one per member of an archive.
const placesPerFile = 12

// compareELF compares two ELF files section by section. Its error is os.ErrNotExist where one
// is missing.
func compareELF(first, second string, m Markers) (list []Difference, err error) {
	a, err := elf.Open(first)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	b, err := elf.Open(second)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	symbols := symbolsOf(a)
	for _, section := range a.Sections {
		other := b.Section(section.Name)
		if section.Type == elf.SHT_NOBITS || section.Name == "" || other == nil || len(list) == placesPerFile {
			continue
		}
		d, differ, err := compareSections(section, other, symbols, m)
		if err != nil {
			return nil, err
		}
		if differ {
			d.File = filepath.Base(first)
			list = append(list, d)
		}
	}
	return list, nil
}

func compareSections(a, b *elf.Section, symbols []elf.Symbol, m Markers) (d Difference, differ bool, err error) {
	left, err := a.Data()
	if err != nil {
		return d, false, fmt.Errorf("read section %s: %w", a.Name, err)
	}
	right, err := b.Data()
	if err != nil {
		return d, false, fmt.Errorf("read section %s: %w", b.Name, err)
	}
	if bytes.Equal(left, right) {
		return d, false, nil
	}
	at := firstDifference(left, right)
	d = Difference{Section: a.Name, Offset: int64(at), First: readable(left, at), Second: readable(right, at)}
	if a.Flags&elf.SHF_ALLOC != 0 {
		d.Symbol = symbolAt(symbols, a.Addr+uint64(at))
	}
	d.Cause = m.cause(d)
	return d, true, nil
}

// symbolsOf returns the symbols of an ELF file; none if it is stripped.
func symbolsOf(f *elf.File) []elf.Symbol {
	list, _ := f.Symbols()
	return list
}

// symbolAt returns the name of the function or object at an address, or "".
func symbolAt(symbols []elf.Symbol, address uint64) (name string) {
	var nearest uint64
	for _, each := range symbols {
		kind := elf.ST_TYPE(each.Info)
		known := kind == elf.STT_FUNC || kind == elf.STT_OBJECT || kind == elf.STT_NOTYPE && each.Section < elf.SHN_LORESERVE
		if known && each.Name != "" && each.Value <= address && each.Value >= nearest && (each.Size == 0 || address < each.Value+each.Size) {
			name, nearest = each.Name, each.Value
		}
	}
	return name
}
