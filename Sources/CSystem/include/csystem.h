#pragma once
#include "files.h"
#include "pagechecksum.h"
