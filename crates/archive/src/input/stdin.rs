//! Reads stdin on its own thread, so that a stop doesn't wait for input.

use std::io::{self, Cursor, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// Size of a read.
const BLOCK_BYTES: usize = 1 << 18;
/// How often a blocked read checks for a stop.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The receiving end.
pub(super) struct Stdin {
    blocks: Receiver<io::Result<Vec<u8>>>,
    block: Cursor<Vec<u8>>,
    is_stopped: &'static AtomicBool,
}

impl Stdin {
    pub(super) fn new(is_stopped: &'static AtomicBool) -> Self {
        let (sender, blocks) = sync_channel(1);
        thread::spawn(move || send_all(&sender));
        Self { blocks, block: Cursor::default(), is_stopped }
    }
}

/// Reads until the end, an error, or until the receiver is gone.
fn send_all(blocks: &SyncSender<io::Result<Vec<u8>>>) {
    let mut stdin = io::stdin();
    loop {
        let mut block = vec![0; BLOCK_BYTES];
        let read = stdin.read(&mut block);
        let is_over = matches!(read, Ok(0) | Err(_));
        let read = read.map(|count| {
            block.truncate(count);
            block
        });
        if blocks.send(read).is_err() || is_over {
            return;
        }
    }
}

impl Read for Stdin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.block.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            match self.blocks.recv_timeout(POLL_INTERVAL) {
                Ok(block) => {
                    self.block = Cursor::new(block?);
                    if self.block.get_ref().is_empty() {
                        return Ok(0);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
                // An error, not the end of the input: what was read so far isn't a whole message.
                Err(RecvTimeoutError::Timeout) if self.is_stopped.load(Ordering::Relaxed) => {
                    return Err(io::Error::other("the run was stopped"));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}
