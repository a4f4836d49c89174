/* check: TEST(name) is a promise; CHECK and CHECK_TEXT hold it. */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

void check_add(const char *name, void (*run)(void));
void check_fail(const char *file, int line, const char *what);
void check_text(const char *file, int line, const char *is, const char *want);

#define TEST(name)                                                             \
    static void name(void);                                                    \
    __attribute__((constructor)) static void add_##name(void)                  \
    {                                                                          \
        check_add(#name, name);                                                \
    }                                                                          \
    static void name(void)

#define CHECK(condition)                                                       \
    ((condition) ? (void)0 : check_fail(__FILE__, __LINE__, #condition))

#define CHECK_TEXT(is, want) check_text(__FILE__, __LINE__, (is), (want))

#endif
