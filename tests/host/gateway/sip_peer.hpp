// A peer that a test plays by hand: one UDP socket, messages as text. Waits 10 s at most for each.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <string>

#include "host/base/ip.hpp"
#include "host/sip/message.hpp"

namespace causeway::gateway {

class SipPeer {
  public:
    using udp = boost::asio::ip::udp;

    SipPeer() : socket_(io_, udp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
        const timeval patience{10, 0};
        ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }

    Endpoint local() const {
        return *Endpoint::parse("127.0.0.1:" + std::to_string(socket_.local_endpoint().port()));
    }

    void send(const Endpoint& to, std::string_view text) {
        socket_.send_to(boost::asio::buffer(text),
                        udp::endpoint(boost::asio::ip::address_v4::loopback(), to.port));
    }

    // The next message that is not a copy of the one before; an empty response where none comes.
    sip::Message receive() {
        std::string buffer(65536, '\0');
        for (;;) {
            boost::system::error_code error;
            const auto size = socket_.receive(boost::asio::buffer(buffer), 0, error);
            if (error == boost::asio::error::interrupted) continue;
            if (error) {
                ADD_FAILURE() << "no message: " << error.message();
                return {};
            }
            const std::string text = buffer.substr(0, size);
            if (text == last_) continue;
            last_ = text;
            auto message = sip::Message::parse(text);
            if (!message) ADD_FAILURE() << "not SIP: " << text;
            return message ? std::move(*message) : sip::Message{};
        }
    }
    // The next final response.
    sip::Message receive_final() {
        for (;;) {
            auto message = receive();
            if (message.is_request() || message.status() == 0 || message.status() >= 200) return message;
        }
    }

    // Without SDP: the offer is to come in the response (RFC 3261 13.2.1).
    std::string invite(const Endpoint& to, std::string_view number, std::string_view call_id) const {
        return fmt::format(
            "INVITE sip:{0}@{1} SIP/2.0\r\nVia: SIP/2.0/UDP {2};branch=z9hG4bK{4};rport\r\n"
            "From: <sip:100@{2}>;tag=a\r\nTo: <sip:{0}@{1}>\r\nCall-ID: {3}\r\nCSeq: 1 INVITE\r\n"
            "Contact: <sip:{2}>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
            number, to.to_string(), local().to_string(), call_id, std::hash<std::string_view>{}(call_id));
    }
    // The ACK to a final response other than 2xx to invite() (RFC 3261 17.1.1.3).
    std::string ack_of(const Endpoint& to, const sip::Message& response) const {
        return fmt::format(
            "ACK sip:200@{} SIP/2.0\r\nVia: SIP/2.0/UDP {};branch={};rport\r\nFrom: {}\r\nTo: {}\r\n"
            "Call-ID: {}\r\nCSeq: 1 ACK\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
            to.to_string(), local().to_string(), response.via().branch(), response.first(sip::HeaderId::from),
            response.first(sip::HeaderId::to), response.call_id());
    }
    // A response to a request of the gateway, back to where it came from.
    void respond(const Endpoint& to, const sip::Message& request, int status) {
        auto builder = sip::MessageBuilder::response_to(request, status, "b");
        send(to, builder.build().text());
    }

  private:
    boost::asio::io_context io_;
    udp::socket socket_;
    std::string last_;
};

}  // namespace causeway::gateway
