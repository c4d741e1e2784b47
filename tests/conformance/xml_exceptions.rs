//! Files of the XML suite of which this reader makes something else than the catalogs say, each with its reason; and those
//! whose fault doesn't come along into a message.

use super::findings::Listed;

/// Well-formed XML 1.0 without a DTD, refused on purpose.
pub(crate) const BY_DESIGN: &[Listed] = &[Listed {
    why: "a name with several colons, or one at its end: well-formed, but not by Namespaces in XML",
    names: &["oasis/p04pass1.xml", "oasis/p05pass1.xml"],
}];

/// Well-formed in another encoding, in which they are no part of a message in UTF-8.
pub(crate) const OTHER_ENCODINGS: &[Listed] =
    &[Listed { why: "UTF-16 in the midst of UTF-8", names: &["sun/invalid/utf16b.xml", "sun/invalid/utf16l.xml"] }];

/// Catalogued as not well-formed or as an error, and taken.
pub(crate) const WELL_FORMED_TODAY: &[Listed] = &[
    Listed {
        why: "a name of the characters that the fifth edition allows",
        names: &["eduni/xml-1.1/016.xml", "eduni/xml-1.1/019.xml"],
    },
    Listed {
        why: "an `xml:space` without meaning, an error that needn't be reported",
        names: &["eduni/errata-2e/E57.xml"],
    },
];

/// Well-formed once the XML declaration is cut.
pub(crate) const FAULT_IN_DECLARATION: &[Listed] = &[
    Listed {
        why: "a malformed XML declaration",
        names: &[
            "oasis/p23fail2.xml",
            "oasis/p23fail3.xml",
            "oasis/p23fail4.xml",
            "oasis/p24fail1.xml",
            "oasis/p24fail2.xml",
            "oasis/p25fail1.xml",
            "oasis/p26fail1.xml",
            "oasis/p26fail2.xml",
            "oasis/p32fail1.xml",
            "oasis/p32fail2.xml",
            "oasis/p32fail3.xml",
            "oasis/p32fail4.xml",
            "oasis/p32fail5.xml",
            "xmltest/not-wf/sa/094.xml",
            "xmltest/not-wf/sa/095.xml",
            "xmltest/not-wf/sa/096.xml",
            "xmltest/not-wf/sa/097.xml",
            "xmltest/not-wf/sa/098.xml",
            "xmltest/not-wf/sa/099.xml",
            "xmltest/not-wf/sa/100.xml",
            "xmltest/not-wf/sa/101.xml",
            "xmltest/not-wf/sa/102.xml",
            "xmltest/not-wf/sa/152.xml",
        ],
    },
    Listed { why: "one that isn't closed, and is cut with the DOCTYPE in it", names: &["oasis/p39fail5.xml"] },
    Listed {
        why: "an encoding that is none, unknown or untrue",
        names: &[
            "sun/not-wf/encoding01.xml",
            "sun/not-wf/encoding02.xml",
            "sun/not-wf/encoding03.xml",
            "sun/not-wf/encoding04.xml",
            "sun/not-wf/encoding05.xml",
            "sun/not-wf/encoding06.xml",
            "eduni/errata-2e/E61.xml",
            "eduni/misc/007.xml",
            "eduni/xml-1.1/014.xml",
        ],
    },
];

/// Well-formed content of an element, if no document.
pub(crate) const FAULT_OUTSIDE_ROOT: &[Listed] = &[
    Listed {
        why: "text, a section or a second element outside the document element",
        names: &[
            "oasis/p01fail3.xml",
            "oasis/p03fail11.xml",
            "oasis/p27fail1.xml",
            "xmltest/not-wf/sa/036.xml",
            "xmltest/not-wf/sa/037.xml",
            "xmltest/not-wf/sa/040.xml",
            "xmltest/not-wf/sa/041.xml",
            "xmltest/not-wf/sa/043.xml",
            "xmltest/not-wf/sa/044.xml",
            "xmltest/not-wf/sa/048.xml",
            "xmltest/not-wf/sa/051.xml",
            "xmltest/not-wf/sa/052.xml",
            "xmltest/not-wf/sa/105.xml",
            "xmltest/not-wf/sa/106.xml",
        ],
    },
    Listed { why: "no document element", names: &["oasis/p39fail3.xml", "xmltest/not-wf/sa/050.xml"] },
];
