#include "auth/repository_settings.h"

static struct db_value
flag_or_null(const bool *flag)
{
    return flag != NULL ? db_bool(*flag) : db_null();
}

int
repository_settings_set(struct db *db, struct arena *arena, int64_t repository,
                        const struct repository_settings *settings,
                        struct error *err)
{
    return DB_RUN(NULL, db, arena, "repository_settings_set", err,
                  db_int(repository), flag_or_null(settings->is_private),
                  flag_or_null(settings->discussions_disabled),
                  flag_or_null(settings->allow_unsafe));
}
