#include "tests/conformance/srtp_oracle.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <memory>

#include "host/rtp/packet.hpp"

namespace causeway::oracle {

namespace {

using sdp::SrtpSuite;

bool is_gcm(SrtpSuite suite) {
    return suite == SrtpSuite::aead_aes_128_gcm || suite == SrtpSuite::aead_aes_256_gcm;
}
std::size_t key_octets(SrtpSuite suite) {
    switch (suite) {
        case SrtpSuite::aead_aes_256_gcm:
        case SrtpSuite::aes_256_cm_hmac_sha1_80:
        case SrtpSuite::aes_256_cm_hmac_sha1_32:
            return 32;
        case SrtpSuite::aes_192_cm_hmac_sha1_80:
        case SrtpSuite::aes_192_cm_hmac_sha1_32:
            return 24;
        default:
            return 16;
    }
}
std::size_t tag_octets(SrtpSuite suite) {
    return sdp::to_string(suite).ends_with("_32") ? 4 : 10;
}
std::size_t salt_octets(SrtpSuite suite) {
    return is_gcm(suite) ? 12 : 14;
}

Bytes encrypt(const EVP_CIPHER* cipher, const Bytes& key, const Bytes& iv, ByteView associated,
              ByteView plain, std::size_t tag_octets) {
    const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> c(EVP_CIPHER_CTX_new(),
                                                                            EVP_CIPHER_CTX_free);
    int n = 0;
    EVP_EncryptInit_ex(c.get(), cipher, nullptr, key.data(), iv.data());
    if (!associated.empty()) {
        EVP_EncryptUpdate(c.get(), nullptr, &n, associated.data(), static_cast<int>(associated.size()));
    }
    Bytes out(plain.size() + tag_octets);
    EVP_EncryptUpdate(c.get(), out.data(), &n, plain.data(), static_cast<int>(plain.size()));
    EVP_EncryptFinal_ex(c.get(), out.data() + n, &n);
    if (tag_octets > 0) {
        EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag_octets),
                            out.data() + plain.size());
    }
    return out;
}

Bytes counter_mode(const Bytes& key, const Bytes& iv, ByteView plain) {
    const EVP_CIPHER* cipher = key.size() == 32   ? EVP_aes_256_ctr()
                               : key.size() == 24 ? EVP_aes_192_ctr()
                                                  : EVP_aes_128_ctr();
    return encrypt(cipher, key, iv, {}, plain, 0);
}

Bytes gcm(const Bytes& key, const Bytes& iv, ByteView associated, ByteView plain) {
    return encrypt(key.size() == 32 ? EVP_aes_256_gcm() : EVP_aes_128_gcm(), key, iv, associated, plain, 16);
}

void append(Bytes& out, ByteView more) {
    out.insert(out.end(), more.begin(), more.end());
}

Bytes be32(std::uint32_t v) {
    Bytes b(4);
    store_be32(b.data(), v);
    return b;
}

void xor_into(Bytes& bytes, std::size_t at, ByteView mask) {
    for (std::size_t i = 0; i < mask.size(); ++i) {
        bytes[at + i] = static_cast<std::uint8_t>(bytes[at + i] ^ mask[i]);
    }
}

// RFC 3711 4.1.1: salt * 2^16 XOR SSRC * 2^64 XOR index * 2^16
Bytes counter_iv(Bytes salt, std::uint32_t ssrc, std::uint64_t index) {
    salt.resize(16);
    xor_into(salt, 4, be32(ssrc));
    xor_into(salt, 8, be32(static_cast<std::uint32_t>(index >> 16)));
    xor_into(salt, 12, ByteView(be32(static_cast<std::uint32_t>(index) << 16)).first(2));
    return salt;
}

Bytes hmac_sha1(const Bytes& key, ByteView data, std::size_t octets) {
    Bytes tag(20);
    HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), data.data(), data.size(), tag.data(), nullptr);
    tag.resize(octets);
    return tag;
}

}  // namespace

Bytes derive(const sdp::SrtpKey& key, std::uint8_t label, std::size_t octets) {
    const ByteView all = key.key_salt.view();
    const std::size_t split = key_octets(key.suite);
    const Bytes master(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(split));
    Bytes iv(all.begin() + static_cast<std::ptrdiff_t>(split), all.end());
    iv.resize(16);
    iv[7] = static_cast<std::uint8_t>(iv[7] ^ label);
    return counter_mode(master, iv, Bytes(octets));
}

Bytes srtp(const sdp::SrtpKey& key, std::uint32_t rollover_counter, ByteView packet) {
    const auto parsed = rtp::Packet::parse(packet);
    const ByteView plain = parsed->payload;
    const auto head = packet.first(static_cast<std::size_t>(plain.data() - packet.data()));
    const Bytes session = derive(key, 0, key_octets(key.suite));
    const Bytes salt = derive(key, 2, salt_octets(key.suite));
    Bytes out(head.begin(), head.end());
    if (is_gcm(key.suite)) {  // RFC 7714 8.1
        Bytes iv = salt;
        xor_into(iv, 2, be32(parsed->header.ssrc));
        xor_into(iv, 6, be32(rollover_counter));
        xor_into(iv, 10, packet.subspan(2, 2));
        append(out, gcm(session, iv, head, plain));
        return out;
    }
    const std::uint64_t index = std::uint64_t{rollover_counter} << 16 | parsed->header.sequence;
    append(out, counter_mode(session, counter_iv(salt, parsed->header.ssrc, index), plain));
    Bytes covered = out;
    append(covered, be32(rollover_counter));
    append(out, hmac_sha1(derive(key, 1, 20), covered, tag_octets(key.suite)));
    return out;
}

Bytes srtcp(const sdp::SrtpKey& key, std::uint32_t index, ByteView compound) {
    const auto head = compound.first(8);
    const auto plain = compound.subspan(8);
    const std::uint32_t ssrc = load_be32(&compound[4]);
    const Bytes session = derive(key, 3, key_octets(key.suite));
    const Bytes salt = derive(key, 5, salt_octets(key.suite));
    const Bytes encrypted_index = be32(0x80000000 | index);
    Bytes out(head.begin(), head.end());
    if (is_gcm(key.suite)) {  // RFC 7714 9.1
        Bytes iv = salt;
        xor_into(iv, 2, be32(ssrc));
        xor_into(iv, 8, be32(index));
        Bytes associated = out;
        append(associated, encrypted_index);
        append(out, gcm(session, iv, associated, plain));
        append(out, encrypted_index);
        return out;
    }
    append(out, counter_mode(session, counter_iv(salt, ssrc, index), plain));
    append(out, encrypted_index);
    append(out, hmac_sha1(derive(key, 4, 20), out, 10));  // also with suite _32 (RFC 4568 6.2.2)
    return out;
}

}  // namespace causeway::oracle
