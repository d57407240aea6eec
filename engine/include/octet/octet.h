/// Everything of liboctet's engine in one include, and the version.
#ifndef OCTET_OCTET_H
#define OCTET_OCTET_H

#include "octet/alloc.h"
#include "octet/cpu.h"
#include "octet/executor.h"
#include "octet/graph.h"
#include "octet/kernels.h"
#include "octet/op.h"
#include "octet/plan.h"
#include "octet/session.h"
#include "octet/status.h"
#include "octet/tensor.h"
#include "octet/yardstick.h"

/// "0.1.0": the version this library was built as.
OCT_API const char *oct_version(void);

#endif
