//! What may be a password: long enough, and none of the first that anybody would guess.

use crate::ReviewError;

/// Characters of a password.
const MIN_CHARACTERS: usize = 12;
const MAX_CHARACTERS: usize = 128;

/// A name shorter than this may be in a password: so many contain it by chance.
const MIN_NAME_CHARACTERS: usize = 3;

/// Typical ones of 12 characters or more, in lower case.
const COMMON: [&str; 64] = [
    "111222333444",
    "112233445566",
    "121212121212",
    "123123123123",
    "123456123456",
    "1234567890ab",
    "1234qwer1234",
    "1234qwerasdf",
    "123qweasdzxc",
    "1q2w3e4r5t6y",
    "1q2w3e4r5t6y7u",
    "1qaz2wsx3edc",
    "1qaz2wsx3edc4rfv",
    "a1b2c3d4e5f6",
    "abc123abc123",
    "abc123456789",
    "abcd12345678",
    "admin1234567",
    "adminadmin123",
    "administrator",
    "administrator1",
    "administrator123",
    "asdfasdfasdf",
    "asdfghjkl123",
    "asdfghjklzxcvbnm",
    "baseball1234",
    "changeme1234",
    "changeme12345",
    "changemechangeme",
    "correct horse battery staple",
    "correcthorsebatterystaple",
    "default12345",
    "dragon123456",
    "football1234",
    "iloveyou1234",
    "iloveyou12345",
    "letmein12345",
    "letmeinletmein",
    "monkey123456",
    "mypassword123",
    "p@ssw0rd1234",
    "p@ssword1234",
    "passw0rd1234",
    "password1234",
    "password123!",
    "password1234!",
    "password12345",
    "password123456",
    "passwordpassword",
    "princess1234",
    "q1w2e3r4t5y6",
    "qazwsxedcrfv",
    "qwerty123456",
    "qwerty1234567",
    "qwertyqwerty",
    "qwertyuiop12",
    "qwertyuiop123",
    "qwertyuiopasdfghjkl",
    "secret123456",
    "sunshine1234",
    "superman1234",
    "thisisapassword",
    "welcome12345",
    "zaq12wsxcde3",
];

/// Refuses what can't be a new password of an account. It is taken as it is: not trimmed, and not normalized, so that a
/// letter with an accent must be typed the same way each time.
pub(super) fn check_new_password(name: &str, password: &str) -> Result<(), ReviewError> {
    let lower = password.to_lowercase();
    let name = name.to_lowercase();
    let fault = if !(MIN_CHARACTERS..=MAX_CHARACTERS).contains(&password.chars().count()) {
        "a password has 12 to 128 characters"
    } else if password.chars().any(char::is_control) {
        "a password has no control characters"
    } else if name.chars().count() >= MIN_NAME_CHARACTERS && lower.contains(&name) {
        "the password contains the account's name"
    } else if is_row(&lower) || COMMON.contains(&lower.as_str()) {
        "the password is one of the first that anybody would guess"
    } else {
        return Ok(());
    };
    Err(ReviewError::Usage(fault.to_owned()))
}

/// Whether a text in lower case is one character again and again, or a row such as `0123...` or `...cba`.
fn is_row(text: &str) -> bool {
    let pairs = || text.chars().zip(text.chars().skip(1));
    pairs().all(|(one, next)| one == next)
        || pairs().all(|(one, next)| follows(one, next))
        || pairs().all(|(one, next)| follows(next, one))
}

/// Whether a character follows another: after 9 comes 0, after z comes a.
fn follows(one: char, next: char) -> bool {
    matches!((one, next), ('9', '0') | ('z', 'a')) || u32::from(one) + 1 == u32::from(next)
}
