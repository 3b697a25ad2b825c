/*
 * Loaded into every program of a second build (LD_PRELOAD) to vary what must not affect the
 * result: folders are read in the opposite order, and the clock is KILN_LATER seconds ahead.
 * Times of files are not changed.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

struct folder {
	DIR *dir;
	struct dirent **entries; /* in the order they were read */
	size_t left;             /* how many are still to be returned, from the end */
	size_t count;
	struct folder *next;
};

static struct folder *folders;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

/* forget frees the entries of a folder. */
static void forget(DIR *dir)
{
	pthread_mutex_lock(&lock);
	for (struct folder **at = &folders; *at; at = &(*at)->next) {
		struct folder *f = *at;

		if (f->dir != dir)
			continue;
		*at = f->next;
		for (size_t i = 0; i < f->count; i++)
			free(f->entries[i]);
		free(f->entries);
		free(f);
		break;
	}
	pthread_mutex_unlock(&lock);
}

/* read_all reads a folder to its end. */
static struct folder *read_all(DIR *dir)
{
	struct dirent *(*next)(DIR *) = real("readdir");
	struct folder *f = calloc(1, sizeof(*f));
	struct dirent *entry;

	if (!f)
		return NULL;
	f->dir = dir;
	while ((entry = next(dir))) {
		struct dirent **more = realloc(f->entries, (f->count + 1) * sizeof(*more));
		struct dirent *copy = malloc(sizeof(*copy));

		if (!more || !copy)
			abort();
		memcpy(copy, entry, entry->d_reclen);
		f->entries = more;
		f->entries[f->count++] = copy;
	}
	f->left = f->count;
	f->next = folders;
	folders = f;
	return f;
}

struct dirent *readdir(DIR *dir)
{
	struct folder *f;
	struct dirent *entry = NULL;

	pthread_mutex_lock(&lock);
	for (f = folders; f && f->dir != dir; f = f->next)
		;
	if (!f)
		f = read_all(dir);
	if (f && f->left > 0)
		entry = f->entries[--f->left];
	pthread_mutex_unlock(&lock);
	return entry;
}

/* On 64-bit machines both structs are the same. */
struct dirent64 *readdir64(DIR *dir) { return (struct dirent64 *)readdir(dir); }

int closedir(DIR *dir)
{
	forget(dir);
	return ((int (*)(DIR *))real("closedir"))(dir);
}

void rewinddir(DIR *dir)
{
	forget(dir);
	((void (*)(DIR *))real("rewinddir"))(dir);
}

/* offset is how far the clock is ahead, in seconds. */
static time_t offset(void)
{
	const char *seconds = getenv("KILN_LATER");

	return seconds ? atol(seconds) : 0;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
	int err = ((int (*)(clockid_t, struct timespec *))real("clock_gettime"))(id, now);

	if (!err && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		now->tv_sec += offset();
	return err;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	int err = ((int (*)(struct timeval *, void *))real("gettimeofday"))(now, zone);

	if (!err)
		now->tv_sec += offset();
	return err;
}

time_t time(time_t *at)
{
	time_t now = ((time_t (*)(time_t *))real("time"))(NULL) + offset();

	if (at)
		*at = now;
	return now;
}
