//! Values as they come: names, dates, streets, plates. Invented, all of them; SSNs begin with 900, which are never assigned.

use crate::random::Random;
use crate::state::State;

const GIVEN: [&str; 56] = [
    "JAMES",
    "MARY",
    "MICHAEL",
    "PATRICIA",
    "ROBERT",
    "JENNIFER",
    "JOHN",
    "LINDA",
    "DAVID",
    "ELIZABETH",
    "WILLIAM",
    "BARBARA",
    "RICHARD",
    "SUSAN",
    "JOSEPH",
    "JESSICA",
    "THOMAS",
    "KAREN",
    "CHRISTOPHER",
    "SARAH",
    "CHARLES",
    "LISA",
    "DANIEL",
    "NANCY",
    "MATTHEW",
    "SANDRA",
    "ANTHONY",
    "ASHLEY",
    "MARK",
    "EMILY",
    "AL",
    "JO",
    "TY",
    "IVY",
    "MAXIMILIANO",
    "ALEXANDRIA",
    "MARY-KATE",
    "D'ANDRE",
    "JUAN CARLOS",
    "GUADALUPE",
    "XIOMARA",
    "MOHAMMED",
    "FATIMA",
    "WEI",
    "XIN YI",
    "PRIYA",
    "SOPHIA",
    "NOAH",
    "JOSÉ",
    "ZOË",
    "RENÉE",
    "ANDRÉ",
    "CHLOÉ",
    "BJÖRN",
    "ÁNGEL",
    "MARÍA JOSÉ",
];
const SURNAMES: [&str; 56] = [
    "SMITH",
    "JOHNSON",
    "WILLIAMS",
    "BROWN",
    "JONES",
    "GARCIA",
    "MILLER",
    "DAVIS",
    "RODRIGUEZ",
    "MARTINEZ",
    "HERNANDEZ",
    "LOPEZ",
    "GONZALEZ",
    "WILSON",
    "ANDERSON",
    "THOMAS",
    "TAYLOR",
    "MOORE",
    "JACKSON",
    "MARTIN",
    "LEE",
    "PEREZ",
    "THOMPSON",
    "WHITE",
    "HARRIS",
    "SANCHEZ",
    "CLARK",
    "RAMIREZ",
    "LEWIS",
    "ROBINSON",
    "LI",
    "NG",
    "O",
    "O'BRIEN",
    "O'CONNOR-HAYES",
    "DE LA CRUZ",
    "VAN DER BERG",
    "ST. CLAIR",
    "MCALLISTER",
    "FITZGERALD",
    "NGUYEN",
    "KOWALCZYK",
    "PAPADOPOULOS",
    "WOJCIECHOWSKI",
    "SMITH-JONES",
    "YAZZIE",
    "BEGAY",
    "KAHANANUI",
    "FEATHERSTONEHAUGH",
    "PATEL",
    "MUÑOZ",
    "GARCÍA",
    "PEÑA",
    "MÜLLER",
    "FRANÇOIS",
    "NÚÑEZ DE CÁCERES",
];
const SYLLABLES: [&str; 32] = [
    "BA", "BER", "CAR", "DEL", "DO", "EL", "FAR", "GAL", "HAR", "IN", "JEN", "KA", "KEL", "LAN", "LO", "MAR", "MEN",
    "NOR", "O", "PEN", "QUIN", "RA", "ROS", "SAN", "SHEL", "TAN", "TOR", "UL", "VAN", "WES", "YOR", "ZEL",
];
const ENDINGS: [&str; 12] = ["", "SON", "TON", "MAN", "EZ", "SKI", "LEY", "FORD", "WOOD", "BERG", "INI", "WELL"];
const SUFFIXES: [&str; 6] = ["JR", "SR", "II", "III", "IV", "ESQ"];
const STREETS: [&str; 32] = [
    "MAIN",
    "OAK",
    "PINE",
    "MAPLE",
    "CEDAR",
    "ELM",
    "WASHINGTON",
    "LAKE",
    "HILL",
    "WALNUT",
    "SPRING",
    "NORTH",
    "RIDGE",
    "CHURCH",
    "WILLOW",
    "MESQUITE WASH",
    "OLD MILL",
    "COUNTY ROAD",
    "MARTIN LUTHER KING",
    "SUNSET",
    "RAILROAD",
    "JEFFERSON",
    "RIVER",
    "HIGHLAND",
    "CAMINO REAL",
    "LOS OLIVOS",
    "STATE ROUTE",
    "PRAIRIE VIEW",
    "FOREST",
    "PARK",
    "COLLEGE",
    "MEADOW",
];
const STREET_ENDS: [&str; 10] = ["ST", "AVE", "RD", "LN", "DR", "BLVD", "CT", "PL", "WAY", "PKWY"];
const CITIES: [&str; 32] = [
    "SPRINGFIELD",
    "FRANKLIN",
    "CLINTON",
    "MADISON",
    "GEORGETOWN",
    "SALEM",
    "FAIRVIEW",
    "BRISTOL",
    "DOVER",
    "MANCHESTER",
    "ARLINGTON",
    "ASHLAND",
    "BURLINGTON",
    "OXFORD",
    "CLEVELAND",
    "KINGSTON",
    "MOUNT VERNON",
    "RIVERSIDE",
    "ST. GEORGE",
    "LAS CRUCES",
    "COEUR D'ALENE",
    "TRUTH OR CONSEQUENCES",
    "WINSTON-SALEM",
    "CAÑON CITY",
    "ESPAÑOLA",
    "ADA",
    "ROY",
    "TUCSON",
    "NEW BEDFORD",
    "FORT WAYNE",
    "GRAND RAPIDS",
    "CEDAR FALLS",
];
const COUNTIES: [&str; 12] = [
    "WASHINGTON",
    "JEFFERSON",
    "FRANKLIN",
    "JACKSON",
    "LINCOLN",
    "MADISON",
    "MONTGOMERY",
    "CLAY",
    "UNION",
    "MARION",
    "MONROE",
    "WAYNE",
];
const MAKES: [(&str, &[&str]); 14] = [
    ("FORD", &["F150", "ESC", "EXP", "MUS", "FUS"]),
    ("CHEV", &["SIL", "MAL", "EQU", "TAH", "IMP"]),
    ("TOYT", &["CAM", "COR", "TAC", "RAV", "PRI"]),
    ("HOND", &["ACC", "CIV", "CRV", "ODY", "PIL"]),
    ("NISS", &["ALT", "SEN", "ROG", "FRO"]),
    ("DODG", &["RAM", "CHA", "DUR", "GRC"]),
    ("JEEP", &["WRA", "GCH", "CHE"]),
    ("HYUN", &["ELA", "SON", "TUC"]),
    ("KIA", &["OPT", "SOR", "SOU"]),
    ("SUBA", &["OUT", "FOR", "IMP"]),
    ("VOLK", &["JET", "PAS", "TIG"]),
    ("BMW", &["328", "X5", "530"]),
    ("TESL", &["MD3", "MDY"]),
    ("HD", &["XL8", "FLH"]),
];
const COMPANIES: [&str; 10] = [
    "SMITH & SONS TRUCKING LLC",
    "ACME LEASING INC",
    "GREEN VALLEY FARMS",
    "AT&T SERVICES",
    "A1 TOWING",
    "COUNTY OF FRANKLIN",
    "ENTERPRISE FM TRUST",
    "BAKER & BAKER PC",
    "NORTHSIDE PLUMBING CO",
    "HOPE CHURCH",
];
const LENDERS: [&str; 8] = [
    "SAGUARO CREDIT UNION",
    "FIRST NATIONAL BANK",
    "ALLY FINANCIAL",
    "WELLS & CO BANK",
    "FORD MOTOR CREDIT CO",
    "TEACHERS CREDIT UNION",
    "TRUST ONE",
    "PEOPLES SAVINGS BANK",
];
const INSURERS: [&str; 8] = [
    "COPPER STATE MUTUAL",
    "FARMERS & MERCHANTS",
    "PRAIRIE CASUALTY",
    "UNITED AUTO INS CO",
    "SHELTER MUTUAL",
    "NATIONAL GENERAL",
    "GRANGE INSURANCE",
    "OLD DOMINION",
];
const COUNTRIES: [&str; 8] = ["USA", "MEXICO", "CANADA", "INDIA", "PHILIPPINES", "VIETNAM", "EL SALVADOR", "GERMANY"];
const RESTRICTIONS: [&str; 8] = [
    "CORRECTIVE LENSES",
    "DAYLIGHT ONLY",
    "OUTSIDE MIRRORS",
    "AUTOMATIC TRANSMISSION",
    "IGNITION INTERLOCK",
    "NO INTERSTATE DRIVING",
    "HEARING AID",
    "PROSTHETIC AID",
];
const ENDORSEMENTS: [&str; 6] = ["MOTORCYCLE", "HAZMAT", "TANK VEHICLE", "PASSENGER", "SCHOOL BUS", "DOUBLE TRIPLE"];
const OFFENSES: [(&str, &str); 8] = [
    ("S92", "SPEEDING"),
    ("A20", "DUI"),
    ("M14", "FAILURE TO OBEY SIGN"),
    ("D53", "FAILURE TO PAY"),
    ("B26", "DRIVING WHILE SUSPENDED"),
    ("M42", "IMPROPER LANE CHANGE"),
    ("F04", "SEAT BELT"),
    ("M84", "RECKLESS DRIVING"),
];
const EYES: [(&str, &str); 6] =
    [("BRO", "BROWN"), ("BLU", "BLUE"), ("GRN", "GREEN"), ("HAZ", "HAZEL"), ("GRY", "GRAY"), ("BLK", "BLACK")];
const HAIR: [(&str, &str); 6] =
    [("BRO", "BROWN"), ("BLK", "BLACK"), ("BLN", "BLOND"), ("GRY", "GRAY"), ("RED", "RED"), ("WHI", "WHITE")];

/// Draws the values of one message, as its state writes them.
pub(crate) struct Values<'a> {
    pub(crate) random: Random,
    pub(crate) state: &'a State,
}

impl Values<'_> {
    pub(crate) fn has(&mut self, fact: &str, usual: f64) -> bool {
        self.random.chance(self.state.likelihood(fact, usual))
    }

    /// What `draw` gives, if the fact is told of this record.
    pub(crate) fn maybe<T>(&mut self, fact: &str, usual: f64, draw: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.has(fact, usual) { draw(self) } else { None }
    }

    pub(crate) fn pick(&mut self, items: &[&'static str]) -> &'static str {
        items[self.random.below(items.len())]
    }

    pub(crate) fn given(&mut self) -> String {
        self.pick(&GIVEN).to_owned()
    }

    pub(crate) fn surname(&mut self) -> String {
        if self.random.chance(0.55) {
            return self.pick(&SURNAMES).to_owned();
        }
        let count = self.random.between(1, 3);
        let mut name: String = (0..count).map(|_| *self.random.pick(&SYLLABLES)).collect();
        name += self.pick(&ENDINGS);
        name
    }

    pub(crate) fn suffix(&mut self) -> &'static str {
        self.pick(&SUFFIXES)
    }

    pub(crate) fn full_name(&mut self) -> String {
        format!("{}, {} {}", self.surname(), self.given(), self.given())
    }

    pub(crate) fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + self.random.below(10) as u8)).collect()
    }

    pub(crate) fn letters(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(*self.random.pick(b"ABCDEFGHJKLMNPRSTUVWXYZ"))).collect()
    }

    /// A day of these years.
    pub(crate) fn date(&mut self, first: usize, last: usize) -> String {
        let (year, month, day) =
            (self.random.between(first, last), self.random.between(1, 12), self.random.between(1, 28));
        if self.state.has_compact_dates {
            format!("{year}{month:02}{day:02}")
        } else {
            format!("{year}-{month:02}-{day:02}")
        }
    }

    /// A day as ISO has it, whatever the state's habit.
    pub(crate) fn iso_date(&mut self, first: usize, last: usize) -> String {
        let (year, month, day) =
            (self.random.between(first, last), self.random.between(1, 12), self.random.between(1, 28));
        format!("{year}-{month:02}-{day:02}")
    }

    pub(crate) fn ssn(&mut self) -> String {
        let (group, serial) = (self.digits(2), self.digits(4));
        if self.state.ssn_has_dashes { format!("900-{group}-{serial}") } else { format!("900{group}{serial}") }
    }

    pub(crate) fn license_number(&mut self) -> String {
        self.letters(self.state.license_letters) + &self.digits(self.state.license_digits)
    }

    pub(crate) fn sex(&mut self) -> &'static str {
        self.pick(&["M", "F", "M", "F", "F", "M", "X"])
    }

    pub(crate) fn eye(&mut self) -> (&'static str, &'static str) {
        *self.random.pick(&EYES)
    }

    pub(crate) fn hair(&mut self) -> (&'static str, &'static str) {
        *self.random.pick(&HAIR)
    }

    pub(crate) fn street(&mut self) -> String {
        let number = self.random.between(1, 29_999);
        let (name, end) = (self.pick(&STREETS), self.pick(&STREET_ENDS));
        match self.random.below(8) {
            0 => format!("{number} {name} {end} APT {}", self.random.between(1, 400)),
            1 => format!("{number} N {name} {end}"),
            2 => format!("PO BOX {number}"),
            _ => format!("{number} {name} {end}"),
        }
    }

    pub(crate) fn city(&mut self) -> &'static str {
        self.pick(&CITIES)
    }

    pub(crate) fn county(&mut self) -> &'static str {
        self.pick(&COUNTIES)
    }

    pub(crate) fn postal_code(&mut self) -> String {
        let code = format!("{}{}", self.random.between(1, 9), self.digits(4));
        if self.random.chance(0.3) { format!("{code}-{}", self.digits(4)) } else { code }
    }

    pub(crate) fn country(&mut self) -> &'static str {
        COUNTRIES[self.random.skewed(COUNTRIES.len())]
    }

    pub(crate) fn restriction(&mut self) -> &'static str {
        self.pick(&RESTRICTIONS)
    }

    pub(crate) fn endorsement(&mut self) -> &'static str {
        self.pick(&ENDORSEMENTS)
    }

    pub(crate) fn license_class(&mut self) -> &'static str {
        self.pick(&["D", "C", "D", "C", "A", "B", "M", "DM"])
    }

    pub(crate) fn license_status(&mut self) -> &'static str {
        self.pick(&["LIC", "LIC", "LIC", "ELG", "NOT", "VALID", "SUSPENDED", "EXPIRED"])
    }

    pub(crate) fn offense(&mut self) -> (&'static str, &'static str) {
        *self.random.pick(&OFFENSES)
    }

    pub(crate) fn disposition(&mut self) -> &'static str {
        self.pick(&["GUILTY", "PAID", "DISMISSED", "FORFEITED BOND"])
    }

    pub(crate) fn boolean(&mut self) -> &'static str {
        self.pick(&["true", "false"])
    }

    pub(crate) fn plate(&mut self) -> String {
        match self.random.below(4) {
            0 => self.letters(3) + &self.digits(4),
            1 => self.digits(1) + &self.letters(3) + &self.digits(3),
            2 => self.letters(3) + &self.digits(3),
            _ => self.letters(2) + &self.digits(5),
        }
    }

    pub(crate) fn vin(&mut self) -> String {
        let head = format!("{}{}", self.random.pick(&["1F", "1G", "2H", "JT", "5Y", "3V"]), self.letters(4));
        head + &self.digits(2) + &self.letters(3) + &self.digits(6)
    }

    /// Make and model.
    pub(crate) fn vehicle(&mut self) -> (&'static str, &'static str) {
        let (make, models) = *self.random.pick(&MAKES);
        (make, self.pick(models))
    }

    pub(crate) fn year(&mut self) -> String {
        self.random.between(1988, 2026).to_string()
    }

    pub(crate) fn company(&mut self) -> &'static str {
        self.pick(&COMPANIES)
    }

    pub(crate) fn lender(&mut self) -> &'static str {
        self.pick(&LENDERS)
    }

    pub(crate) fn insurer(&mut self) -> &'static str {
        self.pick(&INSURERS)
    }

    pub(crate) fn policy_number(&mut self) -> String {
        format!("{}-{}-{}", self.letters(3), self.digits(4), self.digits(2))
    }

    pub(crate) fn control_field(&mut self) -> String {
        format!("MRI{}", self.digits(7))
    }
}
