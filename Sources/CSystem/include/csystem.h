#pragma once

#include "crc32c.h"
#include "process.h"
