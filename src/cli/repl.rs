//! `repl`: the steps of scenarios at a prompt, from a pipe or from an argument.

use super::output::Output;
use crate::event::{Event, Exit, Sink as _, What};
use crate::repl::{self, Above, Input, Setup, Show, View};
use crate::script::wording::as_typed;
use crate::sink::{Calm, Jsonl, Prompt, draw, draw_ladder};
use crate::text::Diagnostic;
use std::env;
use std::io::{self, BufReader, IsTerminal as _, Stdout};
use std::path::PathBuf;

/// Arguments of `repl`.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:
  sockdrill repl                                     begin, and type `help`
  sockdrill repl session.yaml                        go on where a scenario ends
  sockdrill repl -c 'connect c localhost:6379; send c \"PING\\r\\n\"; expect c \"+PONG\\r\\n\"'
  sockdrill repl < steps.txt                         the same from a file
  sockdrill repl --json < steps.txt                  every event, one JSON object a line",
    after_help = "At a terminal lines are edited: Tab completes, Ctrl-R searches, Ctrl-C stops the running step, Ctrl-D \
        leaves. What arrives at open sockets is told above the line (`~`), and stays where it is until a step \
        takes it. Piped, or with -c, steps run without a prompt up to the first that does not hold.\n\
        Exit code 0: all held; 1: an expectation did not hold; 2: a mistake in a line; 3: could not resolve, \
        connect or bind; 4: a time-out; 5: reset or closed early; 130, 143: ended by a signal."
)]
pub(super) struct Args {
    /// A scenario whose steps are run first
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Run these steps, parted by `;`, and leave
    #[arg(short, long = "command", value_name = "STEPS")]
    command: Option<String>,
    /// Write every event to stdout, one JSON object a line
    #[arg(long)]
    json: bool,
    /// Remember no lines
    #[arg(long)]
    no_history: bool,
}

pub(super) fn run(args: &Args, output: &Output) -> Exit {
    let styled = output.styled_out();
    let edited = args.command.is_none() && !args.json && is_a_terminal();
    if edited {
        let above = Above::new(Output::stdout());
        let prompt = Prompt::new(above.clone(), styled, Output::width());
        let history = if args.no_history { None } else { history() };
        let show = AtTerminal { prompt, above: above.clone(), styled };
        let input = Input::Terminal { above, history, styled };
        return repl::run(Setup { show: Box::new(show), input, file: args.file.clone() });
    }
    let input = match &args.command {
        Some(steps) => Input::Given(steps.clone()),
        None => Input::Lines(Box::new(BufReader::new(io::stdin()))),
    };
    let stdout = Output::stdout();
    let sink = if args.json {
        Told::Json(Jsonl::new(stdout, "events"))
    } else {
        Told::Text(Prompt::new(stdout, styled, Output::width()))
    };
    repl::run(Setup { show: Box::new(Scripted { sink, output }), input, file: args.file.clone() })
}

/// What happened so far.
fn timeline(facts: &mut dyn Iterator<Item = &Event>, forgotten: u64, styled: bool) -> String {
    let drawn = draw_ladder(facts, styled, Output::width());
    match (drawn.is_empty(), forgotten) {
        (true, _) => "nothing has happened yet\n".to_owned(),
        (false, 0) => drawn,
        (false, _) => format!("… {forgotten} facts before are forgotten\n{drawn}"),
    }
}

/// Whether lines can be edited here.
fn is_a_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// `$XDG_STATE_HOME/sockdrill/history`
fn history() -> Option<PathBuf> {
    let set = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")))?;
    Some(state.join("sockdrill/history"))
}

/// Everything above the line that is being edited.
struct AtTerminal {
    prompt: Prompt<Above>,
    above: Above,
    styled: bool,
}

impl Show for AtTerminal {
    fn fact(&mut self, event: &Event) {
        self.prompt.width = Output::width();
        // What is above the line takes whatever is written.
        let _ = self.prompt.take(event);
    }

    fn early(&mut self, _: &Event) {}

    fn late(&mut self, event: &Event) {
        self.fact(event);
    }

    fn problem(&mut self, problem: &Diagnostic) {
        self.above.print(&draw(&as_typed(problem.clone()), self.styled));
    }

    fn text(&mut self, text: &str) {
        self.above.print(text);
    }

    fn ladder(&self, facts: &mut dyn Iterator<Item = &Event>, forgotten: u64) -> String {
        timeline(facts, forgotten, self.styled)
    }

    fn view(&mut self, view: View) {
        self.prompt.hex = view == View::Hex;
    }

    fn width(&self) -> usize {
        Output::width()
    }
}

/// How facts are told where no line is edited.
enum Told {
    Text(Prompt<Calm<Stdout>>),
    Json(Jsonl<Calm<Stdout>>),
}

/// Facts to stdout, what is wrong to stderr.
struct Scripted<'a> {
    sink: Told,
    output: &'a Output,
}

impl Show for Scripted<'_> {
    fn fact(&mut self, event: &Event) {
        if let What::Failed(failure) = &event.what {
            self.output.problem(&as_typed(failure.diagnostic()));
        }
        self.output.written(match &mut self.sink {
            Told::Text(_) if matches!(event.what, What::Failed(_)) => Ok(()),
            Told::Text(prompt) => prompt.take(event),
            Told::Json(events) => events.take(event),
        });
    }

    fn early(&mut self, event: &Event) {
        // Events come as they were stated.
        if let Told::Json(events) = &mut self.sink {
            self.output.written(events.take(event));
        }
    }

    fn late(&mut self, event: &Event) {
        match (&self.sink, &event.what) {
            (Told::Text(_), _) => self.fact(event),
            (Told::Json(_), What::Failed(failure)) => {
                self.output.problem(&as_typed(failure.diagnostic()));
            }
            (Told::Json(_), _) => {}
        }
    }

    fn problem(&mut self, problem: &Diagnostic) {
        self.output.problem(&as_typed(problem.clone()));
    }

    fn text(&mut self, text: &str) {
        match self.sink {
            Told::Text(_) => self.output.say(text),
            // stdout is events only.
            Told::Json(_) => self.output.complain(text),
        }
    }

    fn ladder(&self, facts: &mut dyn Iterator<Item = &Event>, forgotten: u64) -> String {
        timeline(facts, forgotten, self.output.styled_out())
    }

    fn view(&mut self, view: View) {
        if let Told::Text(prompt) = &mut self.sink {
            prompt.hex = view == View::Hex;
        }
    }

    fn width(&self) -> usize {
        // A program reads tables more easily with a row a line.
        if io::stdout().is_terminal() { Output::width() } else { usize::MAX }
    }
}
