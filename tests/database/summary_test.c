#include "storage/db/summary.h"

#include <string.h>

#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

/* The names on a page, joined by blanks; the filter goes on behind it. */
static const char *
list_page(struct db *db, struct arena *arena, struct summary_filter *filter)
{
    const char *names = "";
    struct summary_list list;
    struct error err;

    CHECK(summary_list(&list, db, arena, filter, &err) == 0);
    for (size_t i = 0; i < list.count; i++)
        names = arena_format(arena, "%s%s%s", names, i > 0 ? " " : "",
                             list.items[i].repository.name);
    filter->after_key = list.has_more ? list.last_key : 0;
    filter->after_id =
        list.has_more ? list.items[list.count - 1].repository.id : 0;
    return names;
}

static const char *
find(struct db *db, struct arena *arena, const char *search)
{
    struct summary_filter filter = {
        .search = search, .gated = -1, .limit = SUMMARY_PAGE};

    return list_page(db, arena, &filter);
}

TEST(private_ones_stand_in_their_place_on_every_page_of_who_may_see_them)
{
    static const char *const pages[2][3] = {{"f e", "d c", "b a"},
                                            {"a b", "c d", "e f"}};
    struct db *db = test_database_open();
    struct arena *arena = arena_open();
    int64_t lab = seed_organization("lab");
    int64_t member = seed_account("member");
    int64_t other = seed_account("other");

    seed_member(lab, member, "read");
    for (int i = 0; i < 6; i++)
        seed_model(lab, (char[]){(char)('a' + i), '\0'});
    seed("UPDATE repository SET private = name IN ('b', 'e', 'f'),"
         " downloads = ascii(name),"
         " created_at = now() + ascii(name) * interval '1 second',"
         " updated_at = now() + ascii(name) * interval '1 minute'");
    for (int order = SUMMARY_BY_UPDATED; order <= SUMMARY_BY_DOWNLOADS; order++)
        for (int ascending = 0; ascending < 2; ascending++) {
            struct summary_filter filter = {.viewer = member,
                                            .gated = -1,
                                            .order = (enum summary_order)order,
                                            .is_ascending = ascending != 0,
                                            .limit = 2};

            for (int i = 0; i < 3; i++)
                CHECK_TEXT(list_page(db, arena, &filter), pages[ascending][i]);
            CHECK(filter.after_id == 0);
            filter.viewer = other;
            CHECK_TEXT(list_page(db, arena, &filter),
                       ascending ? "a c" : "d c");
            CHECK_TEXT(list_page(db, arena, &filter), ascending ? "d" : "a");
        }
    arena_free(arena);
    db_free(db);
}

TEST(a_search_takes_each_letter_for_itself)
{
    struct db *db = test_database_open();
    struct arena *arena = arena_open();
    int64_t lab = seed_organization("Lab");

    seed_model(lab, "Big_one");
    seed_model(lab, "big-two");
    CHECK_TEXT(find(db, arena, "BIG_O"), "Big_one");
    CHECK_TEXT(find(db, arena, "g_t"), "");
    CHECK_TEXT(find(db, arena, "b%g"), "");
    CHECK_TEXT(find(db, arena, "big\\"), "");
    CHECK_TEXT(find(db, arena, "\\"), "");
    CHECK_TEXT(find(db, arena, "ab/big-"), "big-two");
    CHECK_TEXT(find(db, arena, "wo"), "big-two");
    arena_free(arena);
    db_free(db);
}

TEST(what_moved_is_found_by_its_new_name_and_no_longer_by_its_old)
{
    struct db *db = test_database_open();
    struct arena *arena = arena_open();
    int64_t lab = seed_organization("lab");
    int64_t shop = seed_organization("shop");
    int64_t model = seed_model(lab, "tiny");

    seed(
        "UPDATE repository SET namespace = %lld, name = 'Huge' WHERE id = %lld",
        (long long)shop, (long long)model);
    CHECK_TEXT(find(db, arena, "shop/huge"), "Huge");
    CHECK_TEXT(find(db, arena, "lab"), "");
    CHECK_TEXT(find(db, arena, "tiny"), "");
    arena_free(arena);
    db_free(db);
}
