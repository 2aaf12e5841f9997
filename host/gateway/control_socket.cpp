#include "host/gateway/control_socket.hpp"

#include <sys/stat.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <set>

#include "host/base/log.hpp"
#include "host/base/text.hpp"
#include "host/gateway/rpc.hpp"

namespace causeway::gateway {
namespace {

namespace asio = boost::asio;
using local = asio::local::stream_protocol;
using boost::system::error_code;

// Removes what a dead process left at `path`. The error says what else is there.
Result<void> clear(asio::io_context& io, const std::filesystem::path& path) {
    std::error_code error;
    const auto status = std::filesystem::symlink_status(path, error);
    if (status.type() == std::filesystem::file_type::not_found) return {};
    if (status.type() != std::filesystem::file_type::socket)
        return fail("something that is no socket is there");
    error_code refused;
    local::socket probe(io);
    probe.connect(local::endpoint(path.native()), refused);
    if (refused != asio::error::connection_refused) return fail("another process answers there");
    std::filesystem::remove(path, error);
    if (error) return fail(error.message());
    return {};
}

}  // namespace

// Shared with pending operations, which come back after the control socket is gone.
struct ControlSocket::State : std::enable_shared_from_this<State> {
    State(asio::io_context& i, std::filesystem::path p, Handler h, ControlLimits l)
        : io(i), path(std::move(p)), handler(std::move(h)), limits(l), acceptor(io), pause(io) {}

    Result<void> open();
    void accept();
    void close();

    asio::io_context& io;
    const std::filesystem::path path;
    Handler handler;
    const ControlLimits limits;
    local::acceptor acceptor;
    asio::steady_timer pause;
    bool left = false;
    std::set<std::shared_ptr<Client>> clients;
};

// One connection: reads a line, answers it, reads the next.
class ControlSocket::Client : public std::enable_shared_from_this<Client> {
  public:
    Client(State& owner, local::socket socket)
        : owner_(&owner), socket_(std::move(socket)), limit_(owner.io) {}

    void read() {
        expire(owner_->limits.idle);
        asio::async_read_until(socket_, asio::dynamic_buffer(in_, owner_->limits.request), '\n',
                               [self = shared_from_this()](error_code error, std::size_t size) {
                                   if (self->owner_ != nullptr) self->on_line(error, size);
                               });
    }

    void close() {
        owner_ = nullptr;
        limit_.cancel();
        error_code ignored;
        socket_.close(ignored);
    }

  private:
    void on_line(error_code error, std::size_t size) {
        if (error == asio::error::not_found) {  // no newline within the limit
            closing_ = true;
            return write(Rpc::error_response({RpcError::invalid_request, "the request is too long"}));
        }
        if (error) return leave();
        const auto text = trim(std::string_view(in_).substr(0, size));
        std::string answer = text.empty() ? std::string() : owner_->handler(text);
        if (owner_ == nullptr) return;  // the request has ended the control socket
        in_.erase(0, size);
        if (answer.empty()) return read();
        write(std::move(answer));
    }

    void write(std::string line) {
        out_ = std::move(line);
        out_ += '\n';
        expire(owner_->limits.write);
        asio::async_write(socket_, asio::buffer(out_),
                          [self = shared_from_this()](error_code error, std::size_t) {
                              if (self->owner_ == nullptr) return;
                              if (error || self->closing_) return self->leave();
                              self->out_ = {};
                              self->read();
                          });
    }

    // Disconnects unless the next step begins in time.
    void expire(std::chrono::milliseconds after) {
        limit_.expires_after(after);
        limit_.async_wait([self = shared_from_this()](error_code error) {
            if (!error && self->owner_ != nullptr &&
                self->limit_.expiry() <= std::chrono::steady_clock::now()) {
                self->leave();
            }
        });
    }

    void leave() {
        State& owner = *owner_;
        close();
        owner.clients.erase(shared_from_this());
    }

    State* owner_;  // null once disconnected
    local::socket socket_;
    asio::steady_timer limit_;
    std::string in_, out_;
    bool closing_ = false;  // after the response that is being written
};

Result<void> ControlSocket::State::open() {
    if (auto cleared = clear(io, path); !cleared) return cleared;
    error_code error;
    acceptor.open(local(), error);
    if (error) return fail(error.message());
    // The mode of the socket before it is bound becomes, less the umask, that of its file.
    if (::fchmod(acceptor.native_handle(), 0600) != 0) return fail("fchmod refused");
    acceptor.bind(local::endpoint(path.native()), error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return fail(error.message());
    return {};
}

void ControlSocket::State::accept() {
    acceptor.async_accept([self = shared_from_this()](error_code error, local::socket socket) {
        if (!self->acceptor.is_open()) return;
        if (error) {
            // No descriptors left, most likely: look again when some may be free.
            log::warning({}, "control socket: {}", error.message());
            self->pause.expires_after(std::chrono::seconds(1));
            self->pause.async_wait([self](error_code aborted) {
                if (!aborted && self->acceptor.is_open()) self->accept();
            });
            return;
        }
        if (self->clients.size() < self->limits.clients) {
            const auto client = std::make_shared<Client>(*self, std::move(socket));
            self->clients.insert(client);
            client->read();
        }
        self->accept();
    });
}

void ControlSocket::State::close() {
    error_code error;
    std::error_code ignored;
    acceptor.close(error);
    pause.cancel();
    for (const auto& client : clients) client->close();
    clients.clear();
    if (!left) std::filesystem::remove(path, ignored);
}

Result<std::unique_ptr<ControlSocket>> ControlSocket::adopt(asio::io_context& io,
                                                            const std::filesystem::path& path, int fd,
                                                            Handler handler, ControlLimits limits) {
    auto state = std::make_shared<State>(io, path, std::move(handler), limits);
    error_code error;
    state->acceptor.assign(local(), fd, error);
    if (error) return fail(fmt::format("control socket {}: {}", path.string(), error.message()));
    state->accept();
    return std::unique_ptr<ControlSocket>(new ControlSocket(std::move(state)));
}

int ControlSocket::descriptor() const {
    return state_->acceptor.native_handle();
}

void ControlSocket::leave(bool on) {
    state_->left = on;
}

Result<std::unique_ptr<ControlSocket>> ControlSocket::open(asio::io_context& io,
                                                           const std::filesystem::path& path, Handler handler,
                                                           ControlLimits limits) {
    auto state = std::make_shared<State>(io, path, std::move(handler), limits);
    if (auto opened = state->open(); !opened) {
        return fail(fmt::format("control socket {}: {}", path.string(), opened.error().what));
    }
    state->accept();
    return std::unique_ptr<ControlSocket>(new ControlSocket(std::move(state)));
}

ControlSocket::~ControlSocket() {
    state_->close();
}

std::size_t ControlSocket::clients() const {
    return state_->clients.size();
}

}  // namespace causeway::gateway
