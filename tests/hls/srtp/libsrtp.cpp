// Protects packets with libsrtp2. A line in: suite, master key, master salt, rollover counter, packet; hex
// but for the suite. A line out: the packet, or "unsupported".
#include <srtp2/srtp.h>

#include <cstdio>
#include <cstring>

static size_t bytes(const char* hex, unsigned char* to) {
    size_t n = 0;
    for (unsigned value; sscanf(hex, "%2x", &value) == 1; hex += 2) to[n++] = (unsigned char)value;
    return n;
}

int main() {
    static char suite[32], key[128], salt[64], packet[8192];
    unsigned rollovers;
    if (srtp_init() != srtp_err_status_ok) return 1;
    while (scanf("%31s %127s %63s %x %8191s", suite, key, salt, &rollovers, packet) == 5) {
        unsigned char master[64], data[4096];
        const size_t key_bytes = bytes(key, master);
        bytes(salt, master + key_bytes);
        int length = (int)bytes(packet, data);
        srtp_policy_t policy;
        memset(&policy, 0, sizeof policy);
        srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
        if (strcmp(suite, "cm128_80") == 0)
            srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
        else if (strcmp(suite, "cm128_32") == 0)
            srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy.rtp);
        else if (strcmp(suite, "cm256_80") == 0)
            srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&policy.rtp);
        else if (strcmp(suite, "cm256_32") == 0)
            srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32(&policy.rtp);
        else if (strcmp(suite, "gcm128") == 0)
            srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
        else
            srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp);
        policy.rtcp = policy.rtp;
        const unsigned ssrc =
            (unsigned)data[8] << 24 | (unsigned)data[9] << 16 | (unsigned)data[10] << 8 | data[11];
        policy.ssrc.type = ssrc_specific;
        policy.ssrc.value = ssrc;
        policy.key = master;
        policy.window_size = 128;
        srtp_t session = NULL;
        if (srtp_create(&session, &policy) != srtp_err_status_ok ||
            srtp_set_stream_roc(session, ssrc, rollovers) != srtp_err_status_ok ||
            srtp_protect(session, data, &length) != srtp_err_status_ok) {
            puts("unsupported");
        } else {
            for (int i = 0; i < length; ++i) printf("%02x", data[i]);
            putchar('\n');
        }
        if (session) srtp_dealloc(session);
    }
    return 0;
}
