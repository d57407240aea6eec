#include <assert.h>

#include "server/http/http.h"

static const short http_statuses[] = {
    [OCT_OK] = 200,
    [OCT_ERR_INVALID] = 400,
    [OCT_ERR_CORRUPT] = 400,
    [OCT_ERR_UNSUPPORTED] = 501,
    [OCT_ERR_NOT_FOUND] = 404,
    [OCT_ERR_CONFLICT] = 409,
    [OCT_ERR_LIMIT] = 413,
    [OCT_ERR_BUSY] = 429,
    [OCT_ERR_DEADLINE] = 504,
    [OCT_ERR_CANCELLED] = 499,
    [OCT_ERR_UNAVAILABLE] = 503,
    [OCT_ERR_UNAUTHORIZED] = 401,
    [OCT_ERR_FORBIDDEN] = 403,
    [OCT_ERR_NOMEM] = 503,
    [OCT_ERR_IO] = 500,
    [OCT_ERR_INTERNAL] = 500,
};

static_assert(sizeof http_statuses / sizeof http_statuses[0] == OCT_STATUS_COUNT, "a status without its HTTP code");

int oct_http_status_of(enum oct_status status)
{
    unsigned index = (unsigned)status;
    return index < OCT_STATUS_COUNT && http_statuses[index] != 0 ? http_statuses[index] : 500;
}
