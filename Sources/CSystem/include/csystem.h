#pragma once

#include "crc32c.h"
#include "process.h"
#include "files.h"
#include "pagechecksum.h"
