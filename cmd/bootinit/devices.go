//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// The disk: package boot writes the first sector and reads the second one
// (internal/kernel/boot/qemu.go).
const (
	diskMagic  = "kiln disk"
	diskAnswer = "kiln was here"
	sector     = 512
)

// blockDevice reads the first sector of the first disk and writes the second.
func blockDevice() (string, error) {
	path, err := diskNode("vda")
	if err != nil {
		return "", err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_SYNC, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	first := make([]byte, sector)
	if _, err := io.ReadFull(f, first); err != nil {
		return "", err
	}
	if !bytes.HasPrefix(first, []byte(diskMagic)) {
		return "", fmt.Errorf("%s begins with %q", path, first[:len(diskMagic)])
	}
	second := make([]byte, sector)
	copy(second, diskAnswer)
	if _, err := f.WriteAt(second, sector); err != nil {
		return "", err
	}
	return path + " read and written", nil
}

// diskNode returns the device file of a disk. Without devtmpfs it creates the file by the
// number that sysfs or /proc/partitions has.
func diskNode(disk string) (string, error) {
	path := "/dev/" + disk
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	var major, minor int
	if _, err := fmt.Sscanf(text("/sys/class/block/"+disk+"/dev"), "%d:%d", &major, &minor); err != nil {
		if major, minor, err = partition(disk); err != nil {
			return "", err
		}
	}
	return path, syscall.Mknod(path, syscall.S_IFBLK|0o600, major<<8|minor)
}

// partition returns the number of a disk in /proc/partitions.
func partition(disk string) (major, minor int, err error) {
	for line := range strings.Lines(text("/proc/partitions")) {
		var blocks int
		var name string
		if n, _ := fmt.Sscan(line, &major, &minor, &blocks, &name); n == 4 && name == disk {
			return major, minor, nil
		}
	}
	return 0, 0, absent("no disk " + disk + " in /dev, /sys or /proc/partitions")
}

// QEMU's network (its manual, "-netdev user"): the guest's address and an echo server.
const (
	guest      = "10.0.2.15"
	echoServer = "10.0.2.100:7"
	netWait    = 5 * time.Second
	loopback   = "127.0.0.1"
)

// inetSocket talks to an echo server of its own over the loopback device.
func inetSocket() (string, error) {
	if err := up("lo", loopback); err != nil {
		return "", err
	}
	l, err := net.Listen("tcp4", loopback+":0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			io.Copy(c, c)
			c.Close()
		}
	}()
	return talk(l.Addr().String())
}

// networkDevice configures the first network card and talks to the echo server.
func networkDevice() (string, error) {
	cards, err := net.Interfaces() // by netlink: needs no sysfs
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(cards, func(card net.Interface) bool { return strings.HasPrefix(card.Name, "eth") })
	if i < 0 {
		return "", absent("no network card")
	}
	card := cards[i]
	if err := up(card.Name, guest); err != nil {
		return card.Name, err
	}
	result, err := talk(echoServer)
	return card.Name + " " + card.HardwareAddr.String() + ": " + result, err
}

// talk sends a text to an echo server and reads it back.
func talk(to string) (string, error) {
	const text = "over the network"
	c, err := net.DialTimeout("tcp4", to, netWait)
	if err != nil {
		return "", err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(netWait))
	if _, err := io.WriteString(c, text); err != nil {
		return "", err
	}
	got := make([]byte, len(text))
	if _, err := io.ReadFull(c, got); err != nil {
		return "", err
	}
	if string(got) != text {
		return string(got), fmt.Errorf("%s returned a different text", to)
	}
	return "echo from " + to, nil
}

// ifreq is the request of netdevice(7): the device's name, and an address or flags.
type ifreq struct {
	name  [16]byte
	value [24]byte
}

// up assigns an address to a network device and switches it on.
func up(device, address string) error {
	s, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(s)
	var r ifreq
	copy(r.name[:], device)
	binary.NativeEndian.PutUint16(r.value[:], syscall.AF_INET) // a sockaddr_in
	copy(r.value[4:], net.ParseIP(address).To4())
	if err := ioctl(s, syscall.SIOCSIFADDR, &r); err != nil {
		return fmt.Errorf("assign %s to %s: %w", address, device, err)
	}
	r.value = [24]byte{}
	binary.NativeEndian.PutUint16(r.value[:], syscall.IFF_UP|syscall.IFF_RUNNING)
	if err := ioctl(s, syscall.SIOCSIFFLAGS, &r); err != nil {
		return fmt.Errorf("switch %s on: %w", device, err)
	}
	return nil
}

func ioctl(descriptor int, request uintptr, r *ifreq) error {
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(descriptor), request, uintptr(unsafe.Pointer(r)))
	if errno != 0 {
		return errno
	}
	return nil
}
