// dmv-redact for C++17: the handles of dmv_redact.h as objects that free themselves, and errors as exceptions. docs/c.md.
#ifndef DMV_REDACT_HPP
#define DMV_REDACT_HPP

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "dmv_redact.h"

namespace dmv_redact {

/// What a call failed with. Nothing may go out then. `what()` is the `message` of a `dmvr_error`, which is complete.
class error : public std::runtime_error {
 public:
  error(dmvr_code code, const dmvr_error& last)
      : std::runtime_error(last.message ? last.message : "unknown"),
        code(code),
        file(last.file ? last.file : ""),
        line(last.line),
        column(last.column) {}

  const dmvr_code code;
  /// For programs: the file of the first error, not escaped, if a file is wrong, and its line and column, from 1.
  const std::string file;
  const std::uint32_t line, column;
};

/// Throws unless a call did what it should.
inline void check(dmvr_code code) {
  if (code == DMVR_CODE_OK) return;
  dmvr_error last{};
  dmvr_last_error(&last);
  throw error(code, last);
}

inline std::string_view view(const dmvr_text& text) {
  return {reinterpret_cast<const char*>(text.data), text.length};
}

/// A text for C. One with a zero inside would be another text there: null, which the library refuses, is better.
inline const char* c_text(const std::string& text) {
  return text.find('\0') == std::string::npos ? text.c_str() : nullptr;
}

/// What a filter is made of.
class config {
 public:
  config() {
    dmvr_config* made = nullptr;
    check(dmvr_config_new(&made));
    handle_.reset(made);
  }
  config& path(dmvr_part part, const std::string& from) {
    check(dmvr_config_path(get(), part, c_text(from)));
    return *this;
  }
  config& bytes(dmvr_part part, const std::string& name, std::string_view data) {
    if (!c_text(name)) throw std::invalid_argument("a name has a zero");
    check(dmvr_config_bytes(get(), part, c_text(name), reinterpret_cast<const std::uint8_t*>(data.data()), data.size()));
    return *this;
  }
  config& option(const std::string& name, const std::string& value) {
    check(dmvr_config_option(get(), c_text(name), c_text(value)));
    return *this;
  }
  dmvr_config* get() const { return handle_.get(); }

 private:
  struct free {
    void operator()(dmvr_config* own) const { dmvr_config_free(own); }
  };
  std::unique_ptr<dmvr_config, free> handle_;
};

/// Who asks, and why.
class request {
 public:
  request() {
    dmvr_request* made = nullptr;
    check(dmvr_request_new(&made));
    handle_.reset(made);
  }
  request& set(dmvr_attribute attribute, const std::string& value) {
    check(dmvr_request_set(get(), attribute, c_text(value)));
    return *this;
  }
  request& clear() {
    check(dmvr_request_clear(get()));
    return *this;
  }
  dmvr_request* get() const { return handle_.get(); }

 private:
  struct free {
    void operator()(dmvr_request* own) const { dmvr_request_free(own); }
  };
  std::unique_ptr<dmvr_request, free> handle_;
};

/// The output of a message and its receipt; of one thread, for all its messages.
class redaction {
 public:
  redaction() {
    dmvr_redaction* made = nullptr;
    check(dmvr_redaction_new(&made));
    handle_.reset(made);
  }
  /// The receipt. Its texts stay until this is used again.
  dmvr_receipt receipt() const {
    dmvr_receipt receipt{};
    check(dmvr_receipt_get(get(), &receipt));
    return receipt;
  }
  /// The output; empty unless the receipt releases. It stays until this is used again.
  std::string_view output() const {
    dmvr_text text{};
    check(dmvr_redaction_output(get(), &text));
    return view(text);
  }
  std::string_view json() const {
    dmvr_text text{};
    check(dmvr_receipt_json(get(), &text));
    return view(text);
  }
  dmvr_redaction* get() const { return handle_.get(); }

 private:
  struct free {
    void operator()(dmvr_redaction* own) const { dmvr_redaction_free(own); }
  };
  std::unique_ptr<dmvr_redaction, free> handle_;
};

class log;

/// The filter, for all threads.
class filter {
 public:
  explicit filter(const config& made_of) {
    dmvr_filter* made = nullptr;
    check(dmvr_filter_new(made_of.get(), &made));
    handle_.reset(made);
  }
  void redact(const request& asked, std::string_view message, redaction& into) const {
    check(dmvr_redact(get(), asked.get(), reinterpret_cast<const std::uint8_t*>(message.data()), message.size(), into.get()));
  }
  void check_request(const request& asked) const { check(dmvr_filter_check(get(), asked.get())); }
  /// Puts another configuration in force, on record first if there is a log. With an error nothing changes.
  void swap(const config& made_of, log* recorded_in = nullptr);
  dmvr_filter* get() const { return handle_.get(); }

 private:
  struct free {
    void operator()(dmvr_filter* own) const { dmvr_filter_free(own); }
  };
  std::unique_ptr<dmvr_filter, free> handle_;
};

/// The disclosure log, for all threads.
class log {
 public:
  log(const std::string& path, const filter& decides, const dmvr_log_options& options = {}) {
    dmvr_log* made = nullptr;
    check(dmvr_log_open(c_text(path), decides.get(), &options, &made));
    handle_.reset(made);
  }
  /// Records the last message. Only when this returns may its output go out.
  void append(const std::string& source, const std::string& id, const request& asked, redaction& done) const {
    // Without an identifier it is null: one that can't be given must be refused in another way.
    const char* from = c_text(id) ? c_text(source) : nullptr;
    check(dmvr_log_append(get(), from, id.empty() ? nullptr : c_text(id), asked.get(), done.get()));
  }
  /// The number and hash of its last line, to be kept elsewhere.
  dmvr_log_head end() {
    dmvr_log_head head{};
    check(dmvr_log_end(get(), &head));
    return head;
  }
  dmvr_log* get() const { return handle_.get(); }

 private:
  struct free {
    void operator()(dmvr_log* own) const { dmvr_log_free(own); }
  };
  std::unique_ptr<dmvr_log, free> handle_;
};

inline void filter::swap(const config& made_of, log* recorded_in) {
  check(dmvr_filter_swap(get(), made_of.get(), recorded_in ? recorded_in->get() : nullptr));
}

}  // namespace dmv_redact

#endif
