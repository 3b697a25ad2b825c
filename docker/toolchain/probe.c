/*
 * The kernel's Makefiles and Kconfig files ask the compiler hundreds of times what it
 * supports: they compile /dev/null, or a line from standard input, and check the exit
 * status. The answer to such a question, a probe, depends only on the toolchain. Answers
 * are cached in the folder KILN_PROBES, one for each toolchain image; without that
 * variable nothing is cached.
 *
 * A cached answer is a file: a line with the exit status and four lengths, then the
 * question, standard output, standard error, and the object.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

/* text is a growing byte buffer. */
struct text {
	char *at;
	size_t len;
};

struct answer {
	int status;
	struct text out, err, object;
};

static int add(struct text *t, const char *bytes, size_t len)
{
	char *at = realloc(t->at, t->len + len + 1);

	if (!at)
		return -1;
	memcpy(at + t->len, bytes, len);
	at[t->len + len] = 0;
	t->at = at;
	t->len += len;
	return 0;
}

/* slurp reads a file or a pipe to its end. */
static int slurp(int fd, struct text *t)
{
	char part[16384];
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || add(t, part, n))
			return -1;
	}
	return 0;
}

static int put(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		bytes += n;
		len -= n;
	}
	return 0;
}

static int begins(const char *arg, const char *with)
{
	return strncmp(arg, with, strlen(with)) == 0;
}

/* reads reports whether an argument makes the compiler read or write further files. */
static int reads(const char *arg)
{
	static const char *const options[] = {
		"-I", "-i", "-Wp,", "-M", "-B", "-T", "-L", "-l", "-g", "-fplugin", "-fdump", "-fprofile", "-save", "--s", "-specs", "@", "-wrapper", "-o",
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (begins(arg, options[i]))
			return 1;
	return 0;
}

/* shape describes a call. */
struct shape {
	int inputs, stdinput; /* the number of inputs, and whether one is "-" */
	int compiles;         /* -c, -S or -E: it does not link */
	int named;            /* the output is given, by -o or -E */
	const char *object;   /* the output file, or NULL where it cannot be read back */
	int foreign;          /* it may use files outside of the toolchain */
};

static struct shape look(char **argv)
{
	struct shape s = { 0 };

	for (; *argv; argv++) {
		const char *a = *argv;

		if (!strcmp(a, "-o") && argv[1]) {
			s.named = 1;
			s.object = *++argv;
		} else if (!strcmp(a, "-x") && argv[1]) {
			argv++;
		} else if (!strcmp(a, "-c") || !strcmp(a, "-S") || !strcmp(a, "-E")) {
			s.compiles = 1;
			s.named |= a[1] == 'E';
		} else if (!strcmp(a, "-") || !strcmp(a, "/dev/null")) {
			s.inputs++;
			s.stdinput |= a[1] == 0;
		} else if (a[0] != '-' || reads(a)) {
			s.foreign = 1;
		}
	}
	if (s.object && (!strcmp(s.object, "/dev/null") || !strcmp(s.object, "-")))
		s.object = NULL;
	return s;
}

/* ask builds the question: all words except the name of the object, and the input. */
static int ask(char **argv, const struct shape *s, const struct text *input, struct text *question)
{
	for (; *argv; argv++) {
		const char *word = *argv == s->object ? "OBJECT" : *argv;

		if (add(question, word, strlen(word) + 1))
			return -1;
	}
	return input->at ? add(question, input->at, input->len) : 0;
}

/* place returns the file of an answer, named by FNV-1a; the question in it reveals collisions. */
static char *place(const char *dir, const struct text *question)
{
	uint64_t hash = 14695981039346656037ULL;
	char *path;

	for (size_t i = 0; i < question->len; i++)
		hash = (hash ^ (unsigned char)question->at[i]) * 1099511628211ULL;
	return asprintf(&path, "%s/%016llx", dir, (unsigned long long)hash) < 0 ? NULL : path;
}

static int take(struct text *t, const char **at, size_t len)
{
	int failed = add(t, *at, len);

	*at += len;
	return failed;
}

/* known reads a cached answer; it returns 0 if there is a complete one to this question. */
static int known(const char *path, const struct text *question, struct answer *a)
{
	struct text file = { 0 };
	size_t len[4];
	const char *at;
	int head, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	head = slurp(fd, &file);
	close(fd);
	if (head || !file.at ||
	    sscanf(file.at, "%d %zu %zu %zu %zu\n%n", &a->status, len, len + 1, len + 2, len + 3, &head) != 5)
		return -1;
	if (file.len != head + len[0] + len[1] + len[2] + len[3] || len[0] != question->len)
		return -1;
	at = file.at + head;
	if (memcmp(at, question->at, question->len))
		return -1;
	at += len[0];
	return take(&a->out, &at, len[1]) || take(&a->err, &at, len[2]) || take(&a->object, &at, len[3]);
}

/* keep caches an answer, atomically. A failure is not an error. */
static void keep(const char *dir, const char *path, const struct text *q, const struct answer *a)
{
	char *head, *temporary;
	int fd, failed;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0 ||
	    asprintf(&head, "%d %zu %zu %zu %zu\n", a->status, q->len, a->out.len, a->err.len, a->object.len) < 0)
		return;
	mkdir(dir, 0755); /* for the first answer of this toolchain */
	if ((fd = mkstemp(temporary)) < 0)
		return;
	failed = put(fd, head, strlen(head)) || put(fd, q->at, q->len) || put(fd, a->out.at, a->out.len) ||
		 put(fd, a->err.at, a->err.len) || put(fd, a->object.at, a->object.len);
	if (close(fd) || failed || rename(temporary, path))
		unlink(temporary);
}

/*
 * clear reports whether an answer is about the question: success, or a failure that is the
 * compiler's verdict. A failure by lack of memory, disk space or processes is not cached.
 */
static int clear(const struct answer *a)
{
	static const char *const troubles[] = {
		"atal error", "signal", "allocate", "memory", "o space", "create", "fork", "cannot execute", "internal compiler error", "Resource",
	};

	if (a->status == 127 || a->status > 128)
		return 0;
	for (size_t i = 0; a->status && i < sizeof(troubles) / sizeof(*troubles); i++)
		if (a->err.at && strstr(a->err.at, troubles[i]))
			return 0;
	return 1;
}

/*
 * answer runs the compiler and records its results. It returns 0 if the answer can be
 * cached, 1 if not, and -1 if the compiler could not be run.
 */
static int answer(char **argv, const char *object, struct answer *a)
{
	int fd, status;
	int out = memfd_create("out", MFD_CLOEXEC), err = memfd_create("err", MFD_CLOEXEC);
	pid_t child = out < 0 || err < 0 ? -1 : fork();

	if (child == 0) {
		dup2(out, STDOUT_FILENO);
		dup2(err, STDERR_FILENO);
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child ||
	    lseek(out, 0, SEEK_SET) || lseek(err, 0, SEEK_SET) || slurp(out, &a->out) || slurp(err, &a->err))
		return -1;
	if (object && (fd = open(object, O_RDONLY | O_CLOEXEC)) >= 0) {
		if (slurp(fd, &a->object))
			return -1;
		close(fd);
	}
	a->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return WIFEXITED(status) && clear(a) ? 0 : 1;
}

/* replay writes the object of a cached answer, as the compiler did. */
static int replay(const struct answer *a, const char *object)
{
	int fd;

	if (object && !a->status) {
		fd = open(object, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (fd < 0 || put(fd, a->object.at, a->object.len) || close(fd)) {
			perror(object);
			return 1;
		}
	}
	return 0;
}

/* refill puts what was read from standard input back, for the next program. */
static int refill(const struct text *input)
{
	int fd = memfd_create("in", MFD_CLOEXEC);

	if (fd < 0 || put(fd, input->at, input->len) || lseek(fd, 0, SEEK_SET) || dup2(fd, STDIN_FILENO) < 0) {
		perror("standard input");
		exit(1);
	}
	return close(fd);
}

int probe(char **argv)
{
	struct shape s = look(argv + 1);
	struct text input = { 0 }, question = { 0 };
	struct answer a = { 0 };
	const char *dir = getenv("KILN_PROBES");
	char *path;
	int ran = 0;

	if (!dir || s.inputs != 1 || !s.compiles || !s.named || s.foreign)
		return -1;
	if (s.stdinput) {
		if (slurp(STDIN_FILENO, &input))
			exit(1);
		refill(&input);
		if (input.at && memmem(input.at, input.len, "inc", 3)) /* include, incbin: the answer depends on other files */
			return -1;
	}
	if (ask(argv, &s, &input, &question) || !(path = place(dir, &question)))
		return -1;
	if (known(path, &question, &a)) {
		a = (struct answer){ 0 };
		ran = answer(argv, s.object, &a);
		if (ran < 0)
			exit(1);
		if (ran == 0)
			keep(dir, path, &question, &a);
	} else if (replay(&a, s.object)) {
		return 1;
	}
	put(STDOUT_FILENO, a.out.at, a.out.len);
	put(STDERR_FILENO, a.err.at, a.err.len);
	return a.status;
}
