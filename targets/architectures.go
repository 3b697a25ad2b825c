package targets

import (
	"context"

	"github.com/romanatrashyonok/kiln/toolkit"
)

// Amd64 builds the kernels for 64-bit PCs and servers.
func (Kernel) Amd64(ctx context.Context,
	name *string, // kernel of kernels.toml; all of them by default
	version *string, // version to build instead of the file's
) error {
	return buildFor(ctx, "amd64", name, version)
}

// I386 builds the kernels for 32-bit PCs; mage kernel:386 is the same.
func (Kernel) I386(ctx context.Context,
	name *string, // kernel of kernels.toml; all of them by default
	version *string, // version to build instead of the file's
) error {
	return buildFor(ctx, "386", name, version)
}

// Arm64 builds the kernels for 64-bit ARM.
func (Kernel) Arm64(ctx context.Context,
	name *string, // kernel of kernels.toml; all of them by default
	version *string, // version to build instead of the file's
) error {
	return buildFor(ctx, "arm64", name, version)
}

// Arm builds the kernels for 32-bit ARM.
func (Kernel) Arm(ctx context.Context,
	name *string, // kernel of kernels.toml; all of them by default
	version *string, // version to build instead of the file's
) error {
	return buildFor(ctx, "arm", name, version)
}

// Riscv64 builds the kernels for 64-bit RISC-V.
func (Kernel) Riscv64(ctx context.Context,
	name *string, // kernel of kernels.toml; all of them by default
	version *string, // version to build instead of the file's
) error {
	return buildFor(ctx, "riscv64", name, version)
}

// Ppc64le builds the kernels for 64-bit POWER.
func (Kernel) Ppc64le(ctx context.Context,
	name *string, // kernel of kernels.toml; all of them by default
	version *string, // version to build instead of the file's
) error {
	return buildFor(ctx, "ppc64le", name, version)
}

// S390x builds the kernels for IBM mainframes.
func (Kernel) S390x(ctx context.Context,
	name *string, // kernel of kernels.toml; all of them by default
	version *string, // version to build instead of the file's
) error {
	return buildFor(ctx, "s390x", name, version)
}

// Mips builds the kernels for 32-bit MIPS.
func (Kernel) Mips(ctx context.Context,
	name *string, // kernel of kernels.toml; all of them by default
	version *string, // version to build instead of the file's
) error {
	return buildFor(ctx, "mips", name, version)
}

// Loong64 builds the kernels for 64-bit LoongArch.
func (Kernel) Loong64(ctx context.Context,
	name *string, // kernel of kernels.toml; all of them by default
	version *string, // version to build instead of the file's
) error {
	return buildFor(ctx, "loong64", name, version)
}

// buildFor builds the chosen kernels for one architecture.
func buildFor(ctx context.Context, arch string, name, version *string) error {
	return build(ctx, toolkit.Choice{Name: value(name), Arch: arch, Version: value(version)})
}
