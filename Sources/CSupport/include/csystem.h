#pragma once

#include "crc32c.h"
#include "files.h"
#include "pagechecksum.h"
#include "process.h"
#include "sha1.h"
#include "sockets.h"
