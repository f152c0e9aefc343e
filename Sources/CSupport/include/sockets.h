#pragma once

#include <stddef.h>
#include <stdint.h>

/// Asks the kernel for the account of the established TCP socket with these two ends; addresses have `length` 4 or 16
/// bytes. ENOTCONN where that connection has ended, ENOENT where it has, or the kernel has no sock_diag for TCP;
/// another errno value where it cannot be asked.
int pitr_tcp_owner(const uint8_t *local, uint16_t local_port, const uint8_t *remote, uint16_t remote_port,
                   size_t length, uint32_t *uid);
