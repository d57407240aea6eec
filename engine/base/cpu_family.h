/// The one function a processor family provides to cpu.c.
#ifndef OCTET_ENGINE_BASE_CPU_FAMILY_H
#define OCTET_ENGINE_BASE_CPU_FAMILY_H

#include "octet/cpu.h"

/// Features of this machine, of this processor family. [any]
uint64_t octi_cpu_detect_family(void);

#endif
