//! The built-in formats' elements, one file each: what a state can tell, before its own layout is applied.

mod mdl;
mod niem;
mod nlets;

use crate::image::Images;
use crate::part::{Part, group, literal, text};
use crate::state::{Format, State};
use crate::values::Values;
use crate::{Kind, Syntax};

/// One answer to be written.
pub(crate) struct Answer<'a> {
    pub(crate) values: Values<'a>,
    pub(crate) images: &'a Images,
    pub(crate) kind: Kind,
    pub(crate) destination: &'a str,
    pub(crate) syntax: Syntax,
    /// Whether this message has photos.
    pub(crate) has_photo: bool,
}

impl Answer<'_> {
    pub(crate) fn message(&mut self, format: Format) -> Part {
        match format {
            Format::Nlets => nlets::message(self),
            Format::Niem60 | Format::Mdl => niem::message(self, niem::Release::Six),
            Format::Niem52 => niem::message(self, niem::Release::Five),
        }
    }

    pub(crate) fn mobile_license(&mut self) -> Part {
        mdl::message(self)
    }

    fn originator(&self) -> String {
        let office = if self.kind.is_of_vehicles() { "LIC" } else { "OLN" };
        format!("{}{office}0000", self.values.state.code)
    }

    fn records(&mut self) -> usize {
        match self.kind {
            Kind::Dr | Kind::Rr | Kind::Kr => 1,
            Kind::Dnr | Kind::List => self.values.random.between(2, 4),
        }
    }

    fn photo(&mut self) -> String {
        let line = self.line();
        self.images.photo(&mut self.values.random, line)
    }

    fn signature(&mut self) -> String {
        let line = self.line();
        self.images.signature(&mut self.values.random, line)
    }

    fn line(&self) -> Option<(usize, &'static str)> {
        let state = self.values.state;
        let end = if self.syntax == Syntax::Xml && state.xml.line_end == "\r\n" { "\r\n" } else { "\n" };
        state.image_line.map(|length| (length, end))
    }

    /// What only this state knows.
    fn local(&mut self) -> Vec<Option<Part>> {
        let count = self.values.state.local_elements;
        (0..count).map(|place| self.local_part(place)).collect()
    }

    fn local_part(&mut self, place: usize) -> Option<Part> {
        let values = &mut self.values;
        if values.random.chance(0.25) {
            return None;
        }
        match (place + values.state.choice("local", 4)) % 4 {
            0 => text("st:RecordLocatorID", format!("{}-{}", values.letters(2), values.digits(6))),
            1 => text("st:LastUpdateDate", values.date(2015, 2026)),
            2 => literal("st:DuplicateCountQuantity", values.digits(1)),
            _ => {
                let office = text("st:OfficeName", values.city());
                let code = text("st:OfficeCode", values.digits(3));
                group("st:IssuingOffice", [office, code])
            }
        }
    }
}

impl Kind {
    pub(crate) fn key(self) -> &'static str {
        match self {
            Kind::Dr => "DR",
            Kind::Rr => "RR",
            Kind::Kr => "KR",
            Kind::Dnr => "DNR",
            Kind::List => "RNR",
        }
    }

    fn is_of_vehicles(self) -> bool {
        matches!(self, Kind::Rr | Kind::List)
    }
}

/// The format's own prefixes; its root's first.
pub(crate) fn namespaces(format: Format) -> &'static [(&'static str, &'static str)] {
    match format {
        Format::Nlets => &nlets::NAMESPACES,
        Format::Niem60 | Format::Mdl => &niem::NAMESPACES_6_0,
        Format::Niem52 => &niem::NAMESPACES_5_2,
    }
}

/// The same in a JSON-LD context, without what is of XML alone.
pub(crate) fn context(format: Format) -> &'static [(&'static str, &'static str)] {
    match format {
        Format::Niem52 => &niem::CONTEXT_5_2,
        _ => &niem::CONTEXT_6_0,
    }
}

fn full_dates(state: &State) -> bool {
    state.choice("capture date", 2) == 0
}
