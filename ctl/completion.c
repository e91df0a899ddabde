/*
 * Scripts that complete ferryctl's command line, for bash and zsh.
 *
 * Both hold the whole table of commands as data, one line a command: its words, then its
 * options.  What is typed so far chooses: a first word, a second, an option, or, after an
 * option with a set of words, one of those.
 */
#include <stdio.h>
#include <string.h>

#include "ctl/aliases.h"

static const char global_options[] = "--config --json --verbose --version --help";

/* The words that an option takes, or NULL. */
static const char *
words_of(const struct ctl_command *command, const char *option)
{
	const struct simplelogin_parameter *p =
	    command->endpoint != NULL ? command->endpoint->parameters : NULL;

	for (; p != NULL && p->name != NULL; p++)
		if (strcmp(p->option, option) == 0)
			return p->type == OF_CHOICE    ? p->words
			       : p->type == OF_BOOLEAN ? "yes no"
			                               : NULL;
	return NULL;
}

/* "'alias list' --pinned --csv ..." as a line of a shell's case. */
static void
print_options(const struct ctl_command *command)
{
	const struct ctl_option *o = command->options;

	printf("\t\t'%s') options='%s", command->name, global_options);
	for (; o != NULL && o->name != NULL; o++)
		printf(" --%s", o->name);
	fputs("' ;;\n", stdout);
}

static void
print_words(const struct ctl_command *command)
{
	const struct ctl_option *o = command->options;

	for (; o != NULL && o->name != NULL; o++)
		if (words_of(command, o->name) != NULL)
			printf("\t\t'%s --%s') words='%s' ;;\n", command->name, o->name,
			    words_of(command, o->name));
}

/* The functions both shells share: from words to what may follow. */
static void
print_table(void)
{
	const struct ctl_command *command;

	fputs("_ferryctl_commands='", stdout);
	for (size_t i = 0; (command = ctl_command(i)) != NULL; i++)
		printf("%s\n", command->name);
	fputs("'\n\n"
	      "# The options of a command.\n"
	      "_ferryctl_options() {\n"
	      "\tlocal options='",
	    stdout);
	printf("%s'\n\tcase $1 in\n", global_options);
	for (size_t i = 0; (command = ctl_command(i)) != NULL; i++)
		print_options(command);
	fputs("\tesac\n\techo \"$options\"\n}\n\n"
	      "# The words that an option of a command takes, if they are known.\n"
	      "_ferryctl_words() {\n\tlocal words=''\n\tcase \"$1 $2\" in\n"
	      "\t\t'completion ') words='bash zsh' ;;\n",
	    stdout);
	for (size_t i = 0; (command = ctl_command(i)) != NULL; i++)
		print_words(command);
	fputs("\tesac\n\techo \"$words\"\n}\n\n"
	      "# The command in the words before the one to complete, options left out; in\n"
	      "# _ferryctl_command, and in _ferryctl_plain what was there of it.\n"
	      "_ferryctl_parse() {\n"
	      "\tlocal word skip=\n"
	      "\t_ferryctl_command='' _ferryctl_plain=''\n"
	      "\tfor word in \"$@\"; do\n"
	      "\t\tif [ -n \"$skip\" ]; then skip=; continue; fi\n"
	      "\t\tcase $word in\n"
	      "\t\t-c | --config) skip=1; continue ;;\n"
	      "\t\t-*) continue ;;\n"
	      "\t\tesac\n"
	      "\t\t[ -z \"$_ferryctl_command\" ] || break\n"
	      "\t\t_ferryctl_plain=\"${_ferryctl_plain:+$_ferryctl_plain }$word\"\n"
	      "\t\tcase \"\n$_ferryctl_commands\" in\n"
	      "\t\t*\"\n$_ferryctl_plain\n\"*) _ferryctl_command=$_ferryctl_plain ;;\n"
	      "\t\tesac\n"
	      "\tdone\n"
	      "}\n\n"
	      "# The words that may come next in a command whose first words are $1.\n"
	      "_ferryctl_next() {\n"
	      "\tlocal line\n"
	      "\techo \"$_ferryctl_commands\" | while IFS= read -r line; do\n"
	      "\t\tcase $line in\n"
	      "\t\t\"${1:+$1 }\"*) line=${line#\"${1:+$1 }\"}; echo \"${line%% *}\" ;;\n"
	      "\t\tesac\n"
	      "\tdone | sort -u\n"
	      "}\n\n",
	    stdout);
}

static const char bash_end[] =
    "_ferryctl() {\n"
    "\tlocal current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
    "\tlocal _ferryctl_command _ferryctl_plain words=''\n"
    "\t_ferryctl_parse \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"\n"
    "\tcase $previous in\n"
    "\t-c | --config | --resume | --picture | --receipt)\n"
    "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
    "\t\treturn ;;\n"
    "\t--*) words=$(_ferryctl_words \"$_ferryctl_command\" \"$previous\") ;;\n"
    "\t*) [[ $current == -* ]] || words=$(_ferryctl_words \"$_ferryctl_command\" '') ;;\n"
    "\tesac\n"
    "\tif [ -n \"$words\" ]; then\n"
    "\t\t:\n"
    "\telif [[ $current == -* ]]; then\n"
    "\t\twords=$(_ferryctl_options \"$_ferryctl_command\")\n"
    "\telif [ -z \"$_ferryctl_command\" ]; then\n"
    "\t\twords=$(_ferryctl_next \"$_ferryctl_plain\")\n"
    "\tfi\n"
    "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
    "}\n"
    "complete -F _ferryctl ferryctl\n";

static const char zsh_end[] =
    "_ferryctl() {\n"
    "\tlocal current=${words[CURRENT]} previous=${words[CURRENT-1]} found=''\n"
    "\tlocal _ferryctl_command _ferryctl_plain\n"
    "\t_ferryctl_parse \"${(@)words[2,CURRENT-1]}\"\n"
    "\tcase $previous in\n"
    "\t-c | --config | --resume | --picture | --receipt) _files; return ;;\n"
    "\t--*) found=$(_ferryctl_words \"$_ferryctl_command\" \"$previous\") ;;\n"
    "\t*) [[ $current == -* ]] || found=$(_ferryctl_words \"$_ferryctl_command\" '') ;;\n"
    "\tesac\n"
    "\tif [[ -n $found ]]; then\n"
    "\t\t:\n"
    "\telif [[ $current == -* ]]; then\n"
    "\t\tfound=$(_ferryctl_options \"$_ferryctl_command\")\n"
    "\telif [[ -z $_ferryctl_command ]]; then\n"
    "\t\tfound=$(_ferryctl_next \"$_ferryctl_plain\")\n"
    "\tfi\n"
    "\tcompadd -- ${=found}\n"
    "}\n"
    "if [[ $funcstack[1] == _ferryctl ]]; then\n"
    "\t_ferryctl \"$@\"\n"
    "else\n"
    "\tcompdef _ferryctl ferryctl\n"
    "fi\n";

int
ctl_completion(struct ctl *ctl, int argc, char **argv)
{
	bool bash = strcmp(argv[0], "bash") == 0;

	(void)argc;
	if (!bash && strcmp(argv[0], "zsh") != 0)
		return ctl_usage(ctl, "there are completions for bash and zsh");
	fputs(
	    bash
	        ? "# bash completion of ferryctl(1), printed by \"ferryctl completion "
	          "bash\"\n\n"
	        : "#compdef ferryctl\n"
	          "# zsh completion of ferryctl(1), printed by \"ferryctl completion zsh\"\n\n",
	    stdout);
	print_table();
	fputs(bash ? bash_end : zsh_end, stdout);
	return 0;
}
