// A message switch on one page: it takes messages from stdin, redacts them, records them, and forwards them to stdout.
//
//   c++ -std=c++17 switch.cpp $(pkg-config --cflags --libs dmv_redact) -o switch
//   switch POLICY LOG <queue >line
//
// A message in the queue is a line `ORI PURPOSE ID LENGTH`, then so many bytes; a purpose of `-` is none. On the line it is
// `ID LENGTH`, then so many bytes: 0 if nothing may go out. What the switch sends comes from `redaction::output` alone, after the
// record is on disk. Killed, without memory, without disk, with a broken policy: it sends nothing. SIGHUP loads the policy again.
#include <csignal>
#include <dmv_redact.hpp>
#include <iomanip>
#include <iostream>
#include <stdexcept>
#include <string>

namespace {

constexpr std::size_t max_message = 16 << 20;
volatile std::sig_atomic_t policy_changed = 0;

struct message {
  std::string ori, purpose, id, bytes;
};

// What it says is never a value of the message.
void tell(const std::string& what, const dmv_redact::error& error) {
  std::cerr << "switch: " << what << ": " << error.what() << std::endl;
}

// Reads the next message; false at the end of the queue.
bool next(std::istream& queue, message& into) {
  const std::runtime_error something_else("the queue has something else than messages");
  std::size_t length = 0;
  if (queue.peek() == std::istream::traits_type::eof()) return false;
  queue >> std::setw(9) >> into.ori >> std::setw(8) >> into.purpose >> std::setw(64) >> into.id >> length;
  // What follows can't be told from the bytes of a message that is too long: stop.
  if (!queue || queue.get() != '\n' || length > max_message) throw something_else;
  into.bytes.resize(length);
  if (!queue.read(into.bytes.data(), static_cast<std::streamsize>(length))) throw something_else;
  return true;
}

// What may go out of a message, and is on record.
std::string_view redact(const dmv_redact::filter& filter, const dmv_redact::log& log, const message& from,
                        dmv_redact::request& request, dmv_redact::redaction& redaction) {
  const char* what = "request";
  try {
    request.clear().set(DMVR_ATTRIBUTE_REQUESTER, from.ori).set(DMVR_ATTRIBUTE_CORRELATION_ID, from.id);
    if (from.purpose != "-") request.set(DMVR_ATTRIBUTE_PURPOSE, from.purpose);
    what = "redact";
    filter.redact(request, from.bytes, redaction);
    what = "log";
    log.append("line 1", "", request, redaction);
    const dmvr_receipt receipt = redaction.receipt();
    if (!receipt.releases) std::cerr << "switch: " << from.id << ": " << dmv_redact::view(receipt.reason) << std::endl;
    return redaction.output();
  } catch (const dmv_redact::error& error) {
    tell(what, error);
    return {};
  }
}

void run(const std::string& policy, const std::string& path) {
  dmv_redact::config config;
  config.path(DMVR_PART_POLICY, policy);
  dmv_redact::filter filter(config);
  dmv_redact::log log(path, filter);
  dmv_redact::request request;
  dmv_redact::redaction redaction;
  message one;
  std::signal(SIGHUP, [](int) { policy_changed = 1; });

  while (next(std::cin, one)) {
    if (policy_changed) {
      policy_changed = 0;
      try {
        filter.swap(config, &log);
      } catch (const dmv_redact::error& error) {
        tell("the policy so far stays", error);
      }
    }
    const std::string_view output = redact(filter, log, one, request, redaction);
    std::cout << one.id << ' ' << output.size() << '\n' << output << std::flush;
    if (!std::cout) throw std::runtime_error("the line can't be written");
  }
  log.end();
}

}  // namespace

int main(int count, char** arguments) try {
  std::ios::sync_with_stdio(false);
  if (count != 3) throw std::invalid_argument("usage: switch POLICY LOG <queue >line");
  run(arguments[1], arguments[2]);
} catch (const dmv_redact::error& error) {
  tell("it ends", error);
  return 1;
} catch (const std::exception& error) {
  std::cerr << "switch: " << error.what() << '\n';
  return 1;
}
