//! The bytes that Java and the library exchange: big-endian numbers, texts and bytes after their length, -1 for none.
//! `Packing.java` is the other half.

/// Writes a reply.
pub struct Writer(Vec<u8>);

impl Writer {
    /// With the code of the reply.
    pub fn new(code: u8) -> Self {
        let mut bytes = Vec::with_capacity(512);
        bytes.push(code);
        Self(bytes)
    }

    pub fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    pub fn handle(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    /// A size, as a `long`.
    pub fn long(&mut self, value: usize) {
        self.handle(i64::try_from(value).unwrap_or(i64::MAX));
    }

    /// A count, as an `int`.
    pub fn count(&mut self, value: usize) {
        self.0.extend_from_slice(&i32::try_from(value).unwrap_or(i32::MAX).to_be_bytes());
    }

    pub fn text(&mut self, text: Option<&str>) {
        match text {
            Some(text) => {
                self.count(text.len());
                self.0.extend_from_slice(text.as_bytes());
            }
            None => self.0.extend_from_slice(&(-1_i32).to_be_bytes()),
        }
    }

    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Reads what Java wrote. Whatever isn't so is an error: it never comes from `Packing.java`.
pub struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    pub fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    pub fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    pub fn byte(&mut self) -> Result<u8, Malformed> {
        self.take(1)?.first().copied().ok_or(Malformed)
    }

    pub fn long(&mut self) -> Result<i64, Malformed> {
        let bytes = self.take(8)?.try_into().map_err(|_| Malformed)?;
        Ok(i64::from_be_bytes(bytes))
    }

    pub fn bytes(&mut self) -> Result<Option<&'b [u8]>, Malformed> {
        let bytes = self.take(4)?.try_into().map_err(|_| Malformed)?;
        match i32::from_be_bytes(bytes) {
            -1 => Ok(None),
            length => self.take(usize::try_from(length).map_err(|_| Malformed)?).map(Some),
        }
    }

    pub fn text(&mut self) -> Result<Option<&'b str>, Malformed> {
        self.bytes()?.map(std::str::from_utf8).transpose().map_err(|_| Malformed)
    }

    /// A text that must be there.
    pub fn required(&mut self) -> Result<&'b str, Malformed> {
        self.text()?.ok_or(Malformed)
    }
}

/// What was to be read isn't packed as it should be.
#[derive(Debug)]
pub struct Malformed;
