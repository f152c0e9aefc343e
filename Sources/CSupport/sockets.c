#define _GNU_SOURCE
#include "sockets.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { established = 1 };

int pitr_tcp_owner(const uint8_t *local, uint16_t local_port, const uint8_t *remote, uint16_t remote_port,
                   size_t length, uint32_t *uid) {
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 body;
    } request;
    memset(&request, 0, sizeof request);
    request.header.nlmsg_len = sizeof request;
    request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    request.header.nlmsg_flags = NLM_F_REQUEST;
    request.body.sdiag_family = length == 4 ? AF_INET : AF_INET6;
    request.body.sdiag_protocol = IPPROTO_TCP;
    request.body.idiag_states = ~0U;
    request.body.id.idiag_sport = htons(local_port);
    request.body.id.idiag_dport = htons(remote_port);
    memcpy(request.body.id.idiag_src, local, length);
    memcpy(request.body.id.idiag_dst, remote, length);
    request.body.id.idiag_cookie[0] = request.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;

    int link = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (link < 0) return errno;
    union {
        struct nlmsghdr header;
        char bytes[1024];
    } answer;
    int result = EPROTO;
    ssize_t got = send(link, &request, sizeof request, 0);
    if (got >= 0) got = recv(link, &answer, sizeof answer, 0);
    if (got < 0) {
        result = errno;
    } else if (NLMSG_OK(&answer.header, (size_t)got) && answer.header.nlmsg_type == NLMSG_ERROR) {
        const struct nlmsgerr *error = NLMSG_DATA(&answer.header);
        result = error->error == 0 ? EPROTO : -error->error;
    } else if (NLMSG_OK(&answer.header, (size_t)got) && answer.header.nlmsg_type == SOCK_DIAG_BY_FAMILY) {
        const struct inet_diag_msg *found = NLMSG_DATA(&answer.header);
        // Where the connection is gone a socket that listens on the same port may be found instead.
        int same = found->idiag_state == established && found->id.idiag_sport == request.body.id.idiag_sport
            && found->id.idiag_dport == request.body.id.idiag_dport;
        if (same) *uid = found->idiag_uid;
        result = same ? 0 : ENOTCONN;
    }
    close(link);
    return result;
}
