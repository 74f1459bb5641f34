//! The command line: one tree of commands, one file per group.
//!
//! **Invariants.** Answers go to standard output, everything else to standard error. Every way to end has one exit
//! code, listed in `--help`. This is the only place where an error is a chain of causes for a person. What is asked of
//! the directory is asked through the client, as any other program would.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use self::failure::Failure;
use self::output::error;
use self::settings::{Format, Settings};

mod settings;
mod serve;
mod access;
mod audit;
mod ask;
mod edit;
mod care;
mod output;
mod failure;

/// What `--help` ends with.
const AFTER_HELP: &str = "\
Examples:
  crisisgids serve --demo
  crisisgids who-acts Emmeloord 1.1.30 --grip 2
  crisisgids -o json who-acts Ketelbrug brand
  crisisgids who-acts --report 'P 1 BR woning (rieten dak) Huizen GRIP 1'

Exit codes:
  0  done
  1  it failed unexpectedly; standard error says why
  2  the command line, the configuration or a file to be applied is wrong
  3  not found, or the words mean several things: candidates or suggestions are given, with the command to repeat
  4  refused: invalid, in conflict with what is there, or not permitted; nothing was changed
  5  no server could be reached, it did not answer in time, or it cannot do it now: the same may succeed later
  6  a data directory or a backup is damaged, or needs a repair";

/// The directory that answers, in a calamity: who acts here, by what right, and how do I reach them now?
#[derive(Debug, Parser)]
#[command(name = "crisisgids", version, about, after_help = AFTER_HELP, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    settings: Settings,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer questions over gRPC
    Serve(serve::Serve),
    #[command(flatten)]
    Ask(ask::Ask),
    #[command(flatten)]
    Edit(edit::Edit),
    #[command(flatten)]
    Care(care::Care),
    /// Show who may do what, and make tokens
    #[command(
        subcommand,
        after_help = "Examples:\n  crisisgids access show\n  crisisgids access token meldkamer-lelystad"
    )]
    Access(access::Access),
    /// Prove and list the trail of who was given confidential values
    #[command(subcommand, after_help = "Examples:\n  crisisgids audit verify\n  crisisgids audit list -o json")]
    Audit(audit::Audit),
    /// Write a completion script for a shell to standard output
    #[command(
        after_help = "Example:\n  crisisgids completions bash > ~/.local/share/bash-completion/completions/crisisgids"
    )]
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
}

/// Runs the command that the arguments give, the program's name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let words: Vec<String> = arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() && Format::wanted(&words) == Format::Json => {
            return said(&error::Trouble::usage(error.to_string()), Format::Json);
        }
        Err(error) => {
            // A closed pipe is no reason for another message.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let (format, language) = (cli.settings.output, cli.settings.language());
    let done = match cli.command {
        Command::Serve(serve) => serve.run(),
        Command::Ask(ask) => ask.run(&cli.settings),
        Command::Edit(edit) => edit.run(&cli.settings),
        Command::Care(care) => care.run(&cli.settings),
        Command::Access(access) => access.run(&cli.settings),
        Command::Audit(audit) => audit.run(&cli.settings),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "crisisgids", &mut script);
            settings::print(&script)
        }
    };
    let trouble = match done {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Usage(error)) => error::Trouble::usage(error::told(&error)),
        Err(Failure::Refused(error)) => error::Trouble::local(&error, "FAILED_PRECONDITION", "REFUSED", 4),
        Err(Failure::Unclear(error)) => error::Trouble::local(&error, "INVALID_ARGUMENT", "PLACE_NOT_FOUND", 3),
        Err(Failure::Damaged(error)) => error::Trouble::local(&error, "DATA_LOSS", "STORE_CORRUPT", 6),
        Err(Failure::Failed(error)) => error::Trouble::failed(&error, language, &words),
    };
    said(&trouble, format)
}

/// Says what went wrong, and gives its exit code.
fn said(trouble: &error::Trouble, format: Format) -> ExitCode {
    match format {
        Format::Json => eprintln!("{}", trouble.json()),
        Format::Table => eprintln!("{}", trouble.text()),
    }
    ExitCode::from(trouble.exit_code())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_tree_of_commands_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_global_options_may_stand_before_or_after_the_command() {
        for line in ["crisisgids -o json --lang en who-acts Urk", "crisisgids who-acts Urk -o json --lang en"] {
            let cli = parsed(line).unwrap();
            assert_eq!((cli.settings.output, cli.settings.language().code()), (Format::Json, "en"), "{line}");
        }
    }

    #[test]
    fn every_command_that_asks_shows_an_example() {
        for command in Cli::command().get_subcommands().filter(|command| command.get_name() != "serve") {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains(&format!("crisisgids {}", command.get_name())), "{}", command.get_name());
        }
    }
}
