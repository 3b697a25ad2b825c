/*
 * probe answers a call of a compiler, argv, that asks only what the compiler can do:
 * it gives the exit status, after what the compiler printed and wrote has been printed and
 * written. It gives -1 for any other call, which is still to be made.
 */
int probe(char **argv);
