/*
 * probe answers a call of a compiler, argv, that only asks what the compiler supports: it
 * reproduces the compiler's output and object and returns the exit status. It returns -1
 * for any other call, which the caller must run.
 */
int probe(char **argv);
