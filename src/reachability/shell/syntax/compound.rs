//! Compound commands: conditions, loops and cases.

use super::{Command, List, Parser};

impl<'t> Parser<'t> {
    /// Reads `[[ … ]]`, whose operators are words.
    pub(super) fn conditional(&mut self) -> Option<Command<'t>> {
        let mut words = Vec::new();
        loop {
            self.skip_newlines();
            let word = match self.word()? {
                "" => {
                    let from = self.at;
                    let end = self.rest().find(|c: char| !"&|<>();".contains(c));
                    self.at += end.filter(|it| *it > 0)?;
                    self.end = self.at;
                    self.slice(from)
                }
                word => word,
            };
            words.push(word);
            if word == "]]" {
                let assignments = Vec::new();
                return Some(Command::Simple { assignments, words });
            }
        }
    }

    pub(super) fn if_command(&mut self) -> Option<Command<'t>> {
        let mut arms = Vec::new();
        self.reserved("if")?;
        loop {
            let test = self.list()?;
            self.reserved("then")?;
            arms.push((test, self.list()?));
            if self.reserved("elif").is_none() {
                break;
            }
        }
        let otherwise = match self.reserved("else") {
            Some(()) => self.list()?,
            None => Vec::new(),
        };
        self.reserved("fi")?;
        Some(Command::If { arms, otherwise })
    }

    pub(super) fn body(&mut self) -> Option<List<'t>> {
        self.reserved("do")?;
        let body = self.list()?;
        self.reserved("done")?;
        Some(body)
    }

    pub(super) fn while_command(&mut self) -> Option<Command<'t>> {
        let from = self.at;
        self.word()?;
        let test = self.list()?;
        let body = self.body()?;
        Some(Command::While {
            test,
            body,
            text: self.command_text(from),
        })
    }

    pub(super) fn for_command(&mut self) -> Option<Command<'t>> {
        let from = self.at;
        self.word()?;
        self.skip_blanks();
        let mut words = None;
        let name = match self.rest().starts_with("((") {
            true => {
                self.at = self.parenthesis_end(self.at, 0)?;
                ""
            }
            false => self.word()?,
        };
        if self.reserved("in").is_some() {
            let mut list = Vec::new();
            loop {
                self.skip_blanks();
                match self.word()? {
                    "" => break,
                    word => list.push(word),
                }
            }
            words = Some(list);
        }
        self.skip_blanks();
        let _ = self.eat(";");
        let body = self.body()?;
        Some(Command::For {
            name,
            words,
            body,
            text: self.command_text(from),
        })
    }

    pub(super) fn case_command(&mut self) -> Option<Command<'t>> {
        self.reserved("case")?;
        self.skip_blanks();
        let subject = self.word()?;
        self.reserved("in")?;
        let mut arms = Vec::new();
        while self.reserved("esac").is_none() {
            let _ = self.eat("(");
            let mut patterns = Vec::new();
            loop {
                self.skip_blanks();
                patterns.push(self.word().filter(|it| !it.is_empty())?);
                self.skip_blanks();
                if self.eat("|").is_none() {
                    break;
                }
            }
            self.eat(")")?;
            let body = self.list()?;
            arms.push((patterns, body));
            self.skip_newlines();
            let _ = self.eat(";;");
        }
        Some(Command::Case { subject, arms })
    }
}
