#include "tests/server/cli/capture.h"

static struct capture run;

START_TEST(every_size_is_read_and_copied)
{
    CAPTURE(&run, "bench", "limits", "--json", "--isa", "scalar", "--max-kb", "40");
    ck_assert_msg(run.exit_code == 0, "%s", run.err);
    ck_assert_holds(run.out, "{\"bench\":\"limits\",\"loop\":\"read\",\"bytes\":8192,\"isa\":\"scalar\",\"threads\":1,"
                             "\"cache\":\"hot\",\"gbps\":");
    ck_assert_holds(run.out, "\"loop\":\"copy\",\"bytes\":32768,");
    ck_assert_ptr_null(strstr(run.out, "\"bytes\":65536,"));
}
END_TEST

START_TEST(a_largest_buffer_out_of_range_is_refused)
{
    CAPTURE(&run, "bench", "limits", "--max-kb", "131073");
    ck_assert_int_ne(run.exit_code, 0);
    ck_assert_holds(run.err, "max-kb");
}
END_TEST

START_TEST(more_threads_than_may_be_are_refused)
{
    CAPTURE(&run, "bench", "limits", "--threads", "0");
    ck_assert_int_ne(run.exit_code, 0);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *limits = oct_case(suite, "limits");
    tcase_set_timeout(limits, 60);
    tcase_add_test(limits, every_size_is_read_and_copied);
    tcase_add_test(limits, a_largest_buffer_out_of_range_is_refused);
    tcase_add_test(limits, more_threads_than_may_be_are_refused);
}

OCT_CHECK_MAIN("server/cli/bench/bandwidth", add_tests)
