// SRTP over intel-ipsec-mb, which hashes and enciphers many packets side by side in the lanes of the vector
// unit. The steps of RFC 3711 3.3 are taken for the whole batch, one after the other: indices of all, tags of
// all, then, in order, verdicts and replay windows, then the cipher on what passed. Keys that a session
// keeps: 600 octets for AES-CM; GCM has the tables of its hash besides.
#include <fmt/format.h>
#include <intel-ipsec-mb.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "drivers/cpu/srtp_provider.hpp"
#include "host/rtp/packet.hpp"
#include "host/rtp/srtp_window.hpp"

namespace causeway::cpu {
namespace {

using Direction = Srtp::Direction;
using Outcome = Srtp::Outcome;
using media::Kind;

constexpr std::size_t rtcp_head = 8;  // in the clear: with the sender's SSRC
constexpr std::size_t gcm_tag = 16;
constexpr std::size_t sha1_size = 20;
constexpr std::size_t burst = 128;  // packets transformed side by side
static_assert(burst <= IMB_MAX_BURST_SIZE);
constexpr std::uint32_t encrypted_flag = 0x80000000;  // E of SRTCP
constexpr std::uint64_t most_packets = 1ull << 48;    // of one key (RFC 3711 9.2)
constexpr std::uint32_t most_rtcp_packets = 1u << 31;

// Session keys by label (RFC 3711 4.3.1 and 4.3.3: AES-CM with the master salt and the label as its
// counter's start). False where OpenSSL refuses.
bool derive(const sdp::SrtpKey& key, const sdp::SrtpSizes& sizes, std::uint8_t label,
            std::span<std::uint8_t> out) {
    const auto master = key.key_salt.view();
    std::array<std::uint8_t, 16> iv{};
    std::copy_n(master.begin() + static_cast<std::ptrdiff_t>(sizes.key), sizes.salt, iv.begin());
    iv[7] ^= label;
    std::fill(out.begin(), out.end(), std::uint8_t{0});
    const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                                  EVP_CIPHER_CTX_free);
    const EVP_CIPHER* cipher = sizes.key == 32   ? EVP_aes_256_ctr()
                               : sizes.key == 24 ? EVP_aes_192_ctr()
                                                 : EVP_aes_128_ctr();
    int length = 0;
    return context && EVP_EncryptInit_ex(context.get(), cipher, nullptr, master.data(), iv.data()) == 1 &&
           EVP_EncryptUpdate(context.get(), out.data(), &length, out.data(), static_cast<int>(out.size())) ==
               1;
}

// The keys of RTP or of RTCP, as the library wants them. Zeroed when freed.
struct Keys {
    alignas(16) std::array<std::uint8_t, 15 * 16> rounds{};  // AES-CM
    std::array<std::uint8_t, sha1_size> inner{}, outer{};    // HMAC: SHA-1 of the key's inner and outer pad
    std::array<std::uint8_t, 14> salt{};
    std::unique_ptr<gcm_key_data> gcm;

    Keys() = default;
    Keys(const Keys&) = delete;
    Keys& operator=(const Keys&) = delete;
    ~Keys() {
        OPENSSL_cleanse(rounds.data(), rounds.size());
        OPENSSL_cleanse(inner.data(), inner.size());
        OPENSSL_cleanse(outer.data(), outer.size());
        OPENSSL_cleanse(salt.data(), salt.size());
        if (gcm) OPENSSL_cleanse(gcm.get(), sizeof *gcm);
    }

    bool make(IMB_MGR* library, const sdp::SrtpKey& key, Kind kind) {
        const sdp::SrtpSizes sizes = sdp::sizes_of(key.suite);
        const std::uint8_t label = kind == Kind::rtp ? 0 : 3;
        std::array<std::uint8_t, 32> cipher{};
        std::array<std::uint8_t, sha1_size> authentication{};
        const std::span<std::uint8_t> session_key(cipher.data(), sizes.key);
        const bool derived =
            derive(key, sizes, label, session_key) &&
            derive(key, sizes, static_cast<std::uint8_t>(label + 1), authentication) &&
            derive(key, sizes, static_cast<std::uint8_t>(label + 2), std::span(salt.data(), sizes.salt));
        if (sdp::is_aead(key.suite)) {
            gcm = std::make_unique<gcm_key_data>();
            if (sizes.key == 32) {
                IMB_AES256_GCM_PRE(library, cipher.data(), gcm.get());
            } else {
                IMB_AES128_GCM_PRE(library, cipher.data(), gcm.get());
            }
        } else {
            alignas(16) std::array<std::uint8_t, 15 * 16> unused{};  // decryption rounds: CTR has none
            if (sizes.key == 32) {
                IMB_AES_KEYEXP_256(library, cipher.data(), rounds.data(), unused.data());
            } else if (sizes.key == 24) {
                IMB_AES_KEYEXP_192(library, cipher.data(), rounds.data(), unused.data());
            } else {
                IMB_AES_KEYEXP_128(library, cipher.data(), rounds.data(), unused.data());
            }
            OPENSSL_cleanse(unused.data(), unused.size());
            pad(library, authentication, 0x36, inner);
            pad(library, authentication, 0x5c, outer);
        }
        OPENSSL_cleanse(cipher.data(), cipher.size());
        OPENSSL_cleanse(authentication.data(), authentication.size());
        return derived;
    }

  private:
    static void pad(IMB_MGR* library, const std::array<std::uint8_t, sha1_size>& key, std::uint8_t with,
                    std::array<std::uint8_t, sha1_size>& out) {
        std::array<std::uint8_t, 64> block;
        block.fill(with);
        for (std::size_t i = 0; i < key.size(); ++i) block[i] ^= key[i];
        IMB_SHA1_ONE_BLOCK(library, block.data(), out.data());
        OPENSSL_cleanse(block.data(), block.size());
    }
};

using Source = media::SrtpSource;

class Session final : public SrtpSession {
  public:
    Session(sdp::SrtpSuite session_suite, Direction session_direction)
        : suite(session_suite), direction(session_direction), sizes(sdp::sizes_of(session_suite)) {}

    std::vector<Source> sources() const override { return known; }
    Source* find(std::uint32_t ssrc) {
        const auto found =
            std::find_if(known.begin(), known.end(), [&](const Source& s) { return s.ssrc == ssrc; });
        return found == known.end() ? nullptr : &*found;
    }
    Source& source(std::uint32_t ssrc) {
        Source* found = find(ssrc);
        return found != nullptr ? *found : known.emplace_back(Source{ssrc, {}, {}});
    }
    std::size_t tag(Kind kind) const { return kind == Kind::rtp ? sizes.rtp_tag : sizes.rtcp_tag; }
    const Keys& keys(Kind kind) const { return kind == Kind::rtp ? rtp_keys : rtcp_keys; }

    const sdp::SrtpSuite suite;
    const Direction direction;
    const sdp::SrtpSizes sizes;
    Keys rtp_keys, rtcp_keys;
    std::vector<Source> known;  // outbound: those that sent; inbound: those that have authenticated
};

static_assert(sizeof(Session) + sizeof(Source) < 2048, "key memory of an AES-CM context");

// A packet on its way through the steps.
struct Work {
    SrtpJob* job = nullptr;
    Session* session = nullptr;
    std::uint32_t ssrc = 0;
    std::uint64_t index = 0;
    std::size_t clear = 0;                     // octets in front that are not enciphered
    std::size_t body = 0;                      // octets that are
    std::array<std::uint8_t, gcm_tag> sent{};  // inbound: the tag that came
    std::array<std::uint8_t, sha1_size> tag{};
    std::array<std::uint8_t, 16> iv{};

    std::uint8_t* data() const { return job->packet->data(); }
    bool inbound() const { return session->direction == Direction::inbound; }
    bool gcm() const { return sdp::is_aead(session->suite); }
    bool rtp() const { return job->kind == Kind::rtp; }
};

// Octets of an RTP packet before its payload; nothing where it is too short for them.
std::optional<std::size_t> rtp_head(ByteView packet) {
    if (packet.size() < rtp::header_size || packet[0] >> 6 != 2) return std::nullopt;
    std::size_t head = rtp::header_size + 4 * std::size_t(packet[0] & 15);
    if ((packet[0] & 0x10) != 0) {
        if (packet.size() < head + 4) return std::nullopt;
        head += 4 + 4 * std::size_t{load_be16(&packet[head + 2])};
    }
    if (packet.size() < head) return std::nullopt;
    return head;
}

// AES-CM: salt, SSRC and index (RFC 3711 4.1.1); GCM: SSRC, index and salt (RFC 7714 8.1, 9.1).
void make_iv(Work& w) {
    const auto& salt = w.session->keys(w.job->kind).salt;
    std::array<std::uint8_t, 16> iv{};
    const std::size_t ssrc_at = w.gcm() ? 2 : 4, index_at = w.gcm() ? 6 : 8;
    store_be32(&iv[ssrc_at], w.ssrc);
    store_be16(&iv[index_at], static_cast<std::uint16_t>(w.index >> 32));
    store_be32(&iv[index_at + 2], static_cast<std::uint32_t>(w.index));
    for (std::size_t i = 0; i < w.session->sizes.salt; ++i) iv[i] ^= salt[i];
    w.iv = iv;
}

class BatchProvider final : public SrtpProvider {
  public:
    BatchProvider() : library_(alloc_mb_mgr(0), free_mb_mgr) {
        if (library_) init_mb_mgr_auto(library_.get(), nullptr);
        jobs_.resize(burst);
        work_.reserve(burst);
    }

    bool takes(sdp::SrtpSuite suite) const override { return suite != sdp::SrtpSuite::none; }

    Result<std::unique_ptr<SrtpSession>> create(const sdp::SrtpKey& key, Direction direction) override {
        auto made = make(key, direction);
        if (!made) return tl::make_unexpected(made.error());
        return std::move(*made);
    }

    Result<std::unique_ptr<SrtpSession>> resume(const media::SrtpState& state, Direction direction) override {
        auto made = make(state.key, direction);
        if (!made) return tl::make_unexpected(made.error());
        if (state.sources.size() > Srtp::max_sources) return fail("SRTP: too many sources");
        (*made)->known = state.sources;
        return std::move(*made);
    }

    void run(std::span<SrtpJob> jobs) override {
        while (!jobs.empty()) {
            const auto some = jobs.first(std::min(jobs.size(), burst));
            run_burst(some);
            jobs = jobs.subspan(some.size());
        }
    }

  private:
    Result<std::unique_ptr<Session>> make(const sdp::SrtpKey& key, Direction direction) {
        if (!library_) return fail("SRTP: the library does not start");
        if (key.suite == sdp::SrtpSuite::none) return fail("SRTP: a suite is expected");
        if (key.key_salt.size() != sdp::sizes_of(key.suite).key_salt()) {
            return fail(fmt::format("SRTP: key and salt have {} octets, {} has {}", key.key_salt.size(),
                                    sdp::to_string(key.suite), sdp::sizes_of(key.suite).key_salt()));
        }
        auto made = std::make_unique<Session>(key.suite, direction);
        if (!made->rtp_keys.make(library_.get(), key, Kind::rtp) ||
            !made->rtcp_keys.make(library_.get(), key, Kind::rtcp)) {
            return fail("SRTP: no session keys");
        }
        return made;
    }

    void run_burst(std::span<SrtpJob> jobs) {
        work_.clear();
        for (SrtpJob& job : jobs) {
            Work w;
            w.job = &job;
            w.session = static_cast<Session*>(job.session);
            job.outcome = w.inbound() ? prepare_inbound(w) : prepare_outbound(w);
            if (job.outcome == Outcome::ok) work_.push_back(w);
        }
        // What goes out is enciphered, then hashed; what comes in is deciphered only if its tag is right.
        encipher_all(Direction::outbound);
        hash(work_);
        for (Work& w : work_) {
            if (w.inbound()) {
                w.job->outcome = finish_inbound(w);
            } else if (w.gcm()) {
                seal_or_open(w);
            }
        }
        encipher_all(Direction::inbound);
        for (Work& w : work_) w.job->packet->resize(final_size(w));
    }

    // ---- what is known before any arithmetic

    static Outcome prepare_outbound(Work& w) {
        Bytes& packet = *w.job->packet;
        const std::size_t tag = w.session->tag(w.job->kind);
        if (w.rtp()) {
            const auto head = rtp_head(packet);
            if (!head) return Outcome::malformed;
            w.ssrc = load_be32(&packet[8]);
            auto& window = w.session->source(w.ssrc).rtp;
            w.index = window.index_of(load_be16(&packet[2]));
            if (w.index >= most_packets || !window.is_fresh(w.index)) return Outcome::malformed;
            window.use(w.index);
            w.clear = *head;
            w.body = packet.size() - w.clear;
            packet.resize(packet.size() + std::max<std::size_t>(tag, 4));  // the tag; before it the counter
        } else {
            if (packet.size() < rtcp_head) return Outcome::malformed;
            w.ssrc = load_be32(&packet[4]);
            auto& window = w.session->source(w.ssrc).rtcp;
            w.index = window.highest().value_or(0) + 1;
            if (w.index >= most_rtcp_packets) return Outcome::malformed;
            window.use(w.index);
            w.clear = rtcp_head;
            w.body = packet.size() - w.clear;
            packet.resize(packet.size() + tag + 4);
            store_be32(&packet[w.clear + w.body + (w.gcm() ? tag : 0)], rtcp_word(w));
        }
        make_iv(w);
        return Outcome::ok;
    }

    static Outcome prepare_inbound(Work& w) {
        const Bytes& packet = *w.job->packet;
        const std::size_t tag = w.session->tag(w.job->kind);
        const std::size_t tail = tag + (w.rtp() ? 0 : 4);
        if (w.rtp()) {
            const auto head = rtp_head(packet);
            if (!head || packet.size() < *head + tail) return Outcome::malformed;
            w.clear = *head;
            w.ssrc = load_be32(&packet[8]);
        } else {
            if (packet.size() < rtcp_head + tail || packet[0] >> 6 != 2) return Outcome::malformed;
            w.clear = rtcp_head;
            w.ssrc = load_be32(&packet[4]);
        }
        w.body = packet.size() - w.clear - tail;
        const std::size_t tag_at = w.clear + w.body + (w.rtp() || w.gcm() ? 0 : 4);
        std::copy_n(packet.begin() + static_cast<std::ptrdiff_t>(tag_at), tag, w.sent.begin());
        if (w.rtp()) {
            w.index = rtp_index(w);
        } else {
            const auto word = load_be32(&packet[w.clear + w.body + (w.gcm() ? tag : 0)]);
            if ((word & encrypted_flag) == 0) return Outcome::unauthentic;  // not as was agreed
            w.index = word & ~encrypted_flag;
        }
        make_iv(w);
        return Outcome::ok;
    }

    // As far as the packets before it are known.
    static std::uint64_t rtp_index(const Work& w) {
        const Source* source = w.session->find(w.ssrc);
        return (source != nullptr ? source->rtp : rtp::SrtpWindow()).index_of(load_be16(w.data() + 2));
    }

    // The verdict. The index counts as used only if the packet is authentic.
    Outcome finish_inbound(Work& w) {
        if (const auto index = w.rtp() ? rtp_index(w) : w.index; index != w.index) {
            w.index = index;  // a packet of this very batch moved the stream on
            make_iv(w);
            if (!w.gcm()) hash({&w, 1});
        }
        Source* source = w.session->find(w.ssrc);
        if (source == nullptr && w.session->known.size() >= Srtp::max_sources) return Outcome::unauthentic;
        if (source != nullptr && !(w.rtp() ? source->rtp : source->rtcp).is_fresh(w.index)) {
            return Outcome::replayed;
        }
        if (w.gcm()) seal_or_open(w);
        if (CRYPTO_memcmp(w.tag.data(), w.sent.data(), w.session->tag(w.job->kind)) != 0) {
            return Outcome::unauthentic;
        }
        Source& known = w.session->source(w.ssrc);
        (w.rtp() ? known.rtp : known.rtcp).use(w.index);
        return Outcome::ok;
    }

    static std::size_t final_size(const Work& w) {
        const std::size_t clear = w.clear + w.body;
        return w.inbound() ? clear : clear + w.session->tag(w.job->kind) + (w.rtp() ? 0 : 4);
    }

    static std::uint32_t rtcp_word(const Work& w) {
        return encrypted_flag | static_cast<std::uint32_t>(w.index);
    }

    // ---- arithmetic

    void seal_or_open(Work& w) {
        const gcm_key_data* key = w.session->keys(w.job->kind).gcm.get();
        // What is authenticated but not enciphered: the head, and of SRTCP also flag and index.
        std::array<std::uint8_t, rtcp_head + 4> rtcp_clear;
        const std::uint8_t* clear = w.data();
        std::size_t clear_size = w.clear;
        if (!w.rtp()) {
            std::copy_n(w.data(), rtcp_head, rtcp_clear.begin());
            store_be32(&rtcp_clear[rtcp_head], rtcp_word(w));
            clear = rtcp_clear.data();
            clear_size = rtcp_clear.size();
        }
        std::uint8_t* body = w.data() + w.clear;
        gcm_context_data context;
        IMB_MGR* m = library_.get();
        const bool long_key = w.session->sizes.key == 32;
        std::uint8_t* tag = w.inbound() ? w.tag.data() : body + w.body;
        if (w.inbound()) {
            if (long_key) {
                IMB_AES256_GCM_DEC(m, key, &context, body, body, w.body, w.iv.data(), clear, clear_size, tag,
                                   gcm_tag);
            } else {
                IMB_AES128_GCM_DEC(m, key, &context, body, body, w.body, w.iv.data(), clear, clear_size, tag,
                                   gcm_tag);
            }
        } else if (long_key) {
            IMB_AES256_GCM_ENC(m, key, &context, body, body, w.body, w.iv.data(), clear, clear_size, tag,
                               gcm_tag);
        } else {
            IMB_AES128_GCM_ENC(m, key, &context, body, body, w.body, w.iv.data(), clear, clear_size, tag,
                               gcm_tag);
        }
    }

    void encipher_all(Direction direction) {
        for (const auto size : {IMB_KEY_128_BYTES, IMB_KEY_192_BYTES, IMB_KEY_256_BYTES}) {
            encipher(direction, size);
        }
    }

    // The AES-CM packets of one direction with keys of one size.
    void encipher(Direction direction, IMB_KEY_SIZE_BYTES size) {
        std::uint32_t n = 0;
        for (Work& w : work_) {
            if (w.gcm() || w.session->direction != direction || w.session->sizes.key != size ||
                w.job->outcome != Outcome::ok || w.body == 0) {
                continue;
            }
            IMB_JOB& job = jobs_[n++];
            job = {};
            job.cipher_mode = IMB_CIPHER_CNTR;
            job.cipher_direction = IMB_DIR_ENCRYPT;  // a counter mode knows no other
            job.hash_alg = IMB_AUTH_NULL;
            job.chain_order = IMB_ORDER_CIPHER_HASH;
            job.enc_keys = job.dec_keys = w.session->keys(w.job->kind).rounds.data();
            job.key_len_in_bytes = w.session->sizes.key;
            job.src = w.data();
            job.cipher_start_src_offset_in_bytes = w.clear;
            job.dst = w.data() + w.clear;
            job.msg_len_to_cipher_in_bytes = w.body;
            job.iv = w.iv.data();
            job.iv_len_in_bytes = w.iv.size();
        }
        if (n != 0) {
            IMB_SUBMIT_CIPHER_BURST(library_.get(), jobs_.data(), n, IMB_CIPHER_CNTR, IMB_DIR_ENCRYPT, size);
        }
    }

    // HMAC-SHA1 over the packet and the rollover counter, or flag and index (RFC 3711 4.2): both stand behind
    // the body, the counter in the place of the tag.
    void hash(std::span<Work> work) {
        std::uint32_t n = 0;
        for (Work& w : work) {
            if (w.gcm()) continue;
            const Keys& keys = w.session->keys(w.job->kind);
            if (w.rtp()) {
                store_be32(w.data() + w.clear + w.body, static_cast<std::uint32_t>(w.index >> 16));
            }
            IMB_JOB& job = jobs_[n++];
            job = {};
            job.cipher_mode = IMB_CIPHER_NULL;
            job.hash_alg = IMB_AUTH_HMAC_SHA_1;
            job.chain_order = IMB_ORDER_HASH_CIPHER;
            job.src = w.data();
            job.msg_len_to_hash_in_bytes = w.clear + w.body + 4;
            job.u.HMAC._hashed_auth_key_xor_ipad = keys.inner.data();
            job.u.HMAC._hashed_auth_key_xor_opad = keys.outer.data();
            job.auth_tag_output = w.tag.data();
            job.auth_tag_output_len_in_bytes = w.tag.size();
        }
        if (n != 0) IMB_SUBMIT_HASH_BURST(library_.get(), jobs_.data(), n, IMB_AUTH_HMAC_SHA_1);
        for (Work& w : work) {
            if (w.gcm() || w.inbound()) continue;
            const std::size_t at = w.clear + w.body + (w.rtp() ? 0 : 4);
            std::copy_n(w.tag.begin(), w.session->tag(w.job->kind), w.data() + at);
        }
    }

    const std::unique_ptr<IMB_MGR, decltype(&free_mb_mgr)> library_;
    std::vector<IMB_JOB> jobs_;
    std::vector<Work> work_;
};

}  // namespace

std::unique_ptr<SrtpProvider> make_batch_provider() {
    return std::make_unique<BatchProvider>();
}

}  // namespace causeway::cpu
