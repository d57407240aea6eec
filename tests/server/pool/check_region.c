#include "tests/support/oct_check.h"

#include <pthread.h>
#include <time.h>

#include "server/pool/clock.h"
#include "server/pool/region.h"

#define MAX_HELPERS 3
#define MAX_COUNT   100

struct helper {
    struct oct_region *region;
    unsigned slot;
    pthread_t thread;
    atomic_bool left;
};

struct site {
    struct oct_region region;
    struct helper helpers[MAX_HELPERS];
    unsigned n_helpers;
};

static void *help(void *argument)
{
    struct helper *helper = argument;
    oct_region_help(helper->region, helper->slot);
    atomic_store(&helper->left, true);
    return NULL;
}

static void engage(struct site *site, unsigned n_helpers)
{
    for (unsigned i = 0; i < n_helpers; i++) {
        struct helper *helper = &site->helpers[site->n_helpers + i];
        *helper = (struct helper){.region = &site->region, .slot = site->n_helpers + i + 1};
        ck_assert_int_eq(pthread_create(&helper->thread, NULL, help, helper), 0);
    }
    site->n_helpers += n_helpers;
}

static struct site *open_site(unsigned n_helpers)
{
    struct site *site = calloc(1, sizeof *site);
    ck_assert_ptr_nonnull(site);
    oct_region_init(&site->region);
    engage(site, n_helpers);
    return site;
}

static void join_helpers(struct site *site)
{
    for (unsigned i = 0; i < site->n_helpers; i++) {
        pthread_join(site->helpers[i].thread, NULL);
    }
    site->n_helpers = 0;
}

static void close_site(struct site *site)
{
    oct_region_dismiss(&site->region);
    join_helpers(site);
    free(site);
}

static void rest(uint64_t us)
{
    struct timespec moment = {.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000};
    nanosleep(&moment, NULL);
}

static void wait_until(const atomic_bool *flag)
{
    uint64_t give_up_us = oct_clock_us() + 60000000;
    while (!atomic_load(flag)) {
        ck_assert_msg(oct_clock_us() < give_up_us, "nothing happened");
        rest(50);
    }
}

struct ledger {
    unsigned done[MAX_COUNT]; ///< plain: the region orders the accesses, which the thread sanitizer checks
    size_t count;
};

static void enter(void *argument, size_t index, size_t count)
{
    struct ledger *ledger = argument;
    ledger->done[index]++;
    if (count != ledger->count) {
        ledger->done[index] += 1000;
    }
}

START_TEST(each_index_is_done_once_however_many_help)
{
    static const size_t counts[] = {0, 1, 2, 3, 4, 30, 31, 32, 62, MAX_COUNT};
    for (unsigned n_helpers = 0; n_helpers <= MAX_HELPERS; n_helpers++) {
        struct site *site = open_site(n_helpers);
        for (unsigned turn = 0; turn < 300; turn++) {
            for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
                struct ledger ledger = {.count = counts[c]};
                oct_region_run(&site->region, counts[c], enter, &ledger);
                for (size_t i = 0; i < MAX_COUNT; i++) {
                    ck_assert_uint_eq(ledger.done[i], i < counts[c] ? 1 : 0);
                }
            }
        }
        ck_assert(n_helpers > 0 || site->region.n_shared == 0);
        close_site(site);
    }
}
END_TEST

/// Parts that can only end when all have begun, each on a thread of its own.
struct meeting {
    atomic_uint n_here;
    uint64_t stay_us[2]; ///< after the meeting, per part
};

static void meet(void *argument, size_t index, size_t count)
{
    struct meeting *meeting = argument;
    atomic_fetch_add(&meeting->n_here, 1);
    uint64_t give_up_us = oct_clock_us() + 60000000;
    while (atomic_load(&meeting->n_here) < count && oct_clock_us() < give_up_us) {
        rest(20);
    }
    ck_assert_uint_eq(atomic_load(&meeting->n_here), count);
    rest(index < 2 ? meeting->stay_us[index] : 0);
}

START_TEST(helpers_that_sleep_wake_for_the_next_region)
{
    struct site *site = open_site(2);
    for (uint64_t turn = 1; turn <= 10; turn++) {
        rest(turn * 1000); // far beyond any spinning
        struct meeting meeting = {.n_here = 0};
        oct_region_run(&site->region, 3, meet, &meeting);
        ck_assert_uint_eq(site->region.n_shared, turn);
    }
    close_site(site);
}
END_TEST

START_TEST(an_owner_that_sleeps_wakes_when_the_last_part_is_done)
{
    struct site *site = open_site(1);
    for (unsigned turn = 0; turn < 10; turn++) {
        struct meeting meeting = {.stay_us = {0, 3000}}; // part 1 is the helper's
        oct_region_run(&site->region, 2, meet, &meeting);
        ck_assert_uint_eq(atomic_load(&meeting.n_here), 2);
    }
    close_site(site);
}
END_TEST

struct errand {
    struct site *site;
    atomic_bool helper_is_in, may_end, helper_is_out;
};

/// Part 1, which a helper does, lasts until the helper's dismissal was seen to change nothing for it.
static void run_errand(void *argument, size_t index, size_t count)
{
    struct errand *errand = argument;
    (void)count;
    if (index == 1) {
        atomic_store(&errand->helper_is_in, true);
        wait_until(&errand->may_end);
        atomic_store(&errand->helper_is_out, true);
        return;
    }
    wait_until(&errand->helper_is_in);
    oct_region_dismiss(&errand->site->region);
    rest(2000);
    ck_assert(!atomic_load(&errand->site->helpers[0].left));
    atomic_store(&errand->may_end, true);
}

START_TEST(a_dismissed_helper_leaves_after_its_part_and_the_owner_goes_on_alone)
{
    struct site *site = open_site(1);
    struct errand errand = {.site = site};
    oct_region_run(&site->region, 2, run_errand, &errand);
    ck_assert(atomic_load(&errand.helper_is_out));
    wait_until(&site->helpers[0].left);
    join_helpers(site);
    uint64_t n_shared = site->region.n_shared;
    struct ledger ledger = {.count = 5};
    oct_region_run(&site->region, 5, enter, &ledger);
    ck_assert_uint_eq(ledger.done[4], 1);
    ck_assert_uint_eq(site->region.n_shared, n_shared);
    engage(site, 1); // comes too late and is sent away at once
    wait_until(&site->helpers[0].left);
    join_helpers(site);
    oct_region_admit(&site->region);
    engage(site, 1);
    struct meeting meeting = {.n_here = 0};
    oct_region_run(&site->region, 2, meet, &meeting);
    ck_assert_uint_eq(site->region.n_shared, n_shared + 1);
    close_site(site);
}
END_TEST

START_TEST(helpers_may_come_and_go_at_any_time)
{
    struct site *site = open_site(0);
    for (unsigned turn = 0; turn < 200; turn++) {
        engage(site, 1 + turn % MAX_HELPERS);
        for (unsigned i = 0; i < 20; i++) {
            struct ledger ledger = {.count = 7};
            oct_region_run(&site->region, 7, enter, &ledger);
            for (size_t index = 0; index < 7; index++) {
                ck_assert_uint_eq(ledger.done[index], 1);
            }
            if (i == turn % 20) {
                oct_region_dismiss(&site->region);
            }
        }
        join_helpers(site);
        oct_region_admit(&site->region);
    }
    close_site(site);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *region = oct_case(suite, "region");
    tcase_add_test(region, each_index_is_done_once_however_many_help);
    tcase_add_test(region, helpers_that_sleep_wake_for_the_next_region);
    tcase_add_test(region, an_owner_that_sleeps_wakes_when_the_last_part_is_done);
    tcase_add_test(region, a_dismissed_helper_leaves_after_its_part_and_the_owner_goes_on_alone);
    tcase_add_test(region, helpers_may_come_and_go_at_any_time);
}

OCT_CHECK_MAIN("server/pool/region", add_tests)
