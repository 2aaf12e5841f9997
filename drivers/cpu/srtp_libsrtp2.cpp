#include "drivers/cpu/srtp_provider.hpp"

namespace causeway::cpu {
namespace {

class Session final : public SrtpSession {
  public:
    Session(Srtp srtp, Srtp::Direction direction) : srtp_(std::move(srtp)), direction_(direction) {}
    std::vector<media::SrtpSource> sources() const override { return srtp_.save({}).sources; }

    Srtp::Outcome run(media::Kind kind, Bytes& packet) {
        const bool rtp = kind == media::Kind::rtp;
        if (direction_ == Srtp::Direction::inbound) {
            return rtp ? srtp_.unprotect(packet) : srtp_.unprotect_rtcp(packet);
        }
        const bool good = rtp ? srtp_.protect(packet) : srtp_.protect_rtcp(packet);
        return good ? Srtp::Outcome::ok : Srtp::Outcome::malformed;
    }

  private:
    Srtp srtp_;
    Srtp::Direction direction_;
};

class Provider final : public SrtpProvider {
  public:
    Provider() { Srtp::start(); }  // a failure shows, with its reason, where a key is first used
    bool takes(sdp::SrtpSuite suite) const override { return Srtp::takes(suite); }
    Result<std::unique_ptr<SrtpSession>> create(const sdp::SrtpKey& key, Srtp::Direction direction) override {
        return session(Srtp::create(key, direction), direction);
    }
    Result<std::unique_ptr<SrtpSession>> resume(const media::SrtpState& state,
                                                Srtp::Direction direction) override {
        return session(Srtp::resume(state, direction), direction);
    }
    void run(std::span<SrtpJob> jobs) override {
        for (SrtpJob& job : jobs)
            job.outcome = static_cast<Session*>(job.session)->run(job.kind, *job.packet);
    }

  private:
    static Result<std::unique_ptr<SrtpSession>> session(Result<Srtp> made, Srtp::Direction direction) {
        if (!made) return tl::make_unexpected(made.error());
        return std::make_unique<Session>(std::move(*made), direction);
    }
};

}  // namespace

std::unique_ptr<SrtpProvider> make_libsrtp2_provider() {
    return std::make_unique<Provider>();
}

}  // namespace causeway::cpu
