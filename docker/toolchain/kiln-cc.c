/*
 * kiln-cc COMPILER ARGS...: runs a compiler under ccache, except for a source that
 * uses .incbin; answers repeated probes from a cache, see probe.c.
 *
 * In depend mode ccache takes the dependencies of an object from the compiler's list of
 * headers. Files that the assembler includes by .incbin are not on it, so ccache would
 * return a stale object: an old initramfs, the key of an earlier build. ccache detects
 * .incbin only where it preprocesses.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe.h"

/* source reports whether an argument names a source: NAME.c, NAME.S or NAME.s. */
static int source(const char *arg)
{
	size_t n = strlen(arg);

	return n > 2 && arg[0] != '-' && arg[n - 2] == '.' && strchr("cSs", arg[n - 1]);
}

/* mentions reports whether a file contains a word; false for one that cannot be opened. */
static int mentions(const char *path, const char *word)
{
	struct stat st;
	char *text;
	int found, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) || st.st_size == 0) {
		close(fd);
		return 0;
	}
	text = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (text == MAP_FAILED)
		return 1; /* unknown: assume it does */
	found = memmem(text, st.st_size, word, strlen(word)) != NULL;
	munmap(text, st.st_size);
	return found;
}

/* count adds the call to ccache's statistics log. */
static void count(void)
{
	const char *log = getenv("CCACHE_STATSLOG");
	static const char counter[] = "unsupported_code_directive\n";
	int fd = log ? open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;

	if (fd >= 0) {
		if (write(fd, counter, sizeof(counter) - 1) < 0)
			perror(log);
		close(fd);
	}
}

int main(int argc, char **argv)
{
	int status;

	if (argc < 2) {
		fprintf(stderr, "usage: kiln-cc COMPILER ARGS...\n");
		return 2;
	}
	status = probe(argv + 1);
	if (status >= 0)
		return status;
	for (int i = 2; i < argc; i++) {
		if (source(argv[i]) && mentions(argv[i], "incbin")) {
			count();
			execvp(argv[1], argv + 1);
			perror(argv[1]);
			return 127;
		}
	}
	argv[0] = "ccache";
	execvp("ccache", argv);
	perror("ccache");
	return 127;
}
