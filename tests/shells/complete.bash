# Prints what bash would offer for a line: bash --norc complete.bash SCRIPT LINE
# The variables are those that bash sets while it completes; it cuts words at the letters of COMP_WORDBREAKS.
source "$1"
line=$2
COMP_LINE=$line
COMP_POINT=${#line}
read -ra COMP_WORDS <<< "$(sed 's/[:=]/ & /g' <<< "$line")"
[[ $line == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
# Where a script offers nothing, bash offers files, unless the script has said that it must not.
falls_back=yes
compopt() { [[ " $* " != *" +o default "* ]] || falls_back=no; }
word=${COMP_WORDS[COMP_CWORD]}
_ossvec "${COMP_WORDS[0]}" "$word" "${COMP_WORDS[COMP_CWORD - 1]}"
(( ${#COMPREPLY[@]} > 0 )) || [[ $falls_back == no ]] || mapfile -t COMPREPLY < <(compgen -f -- "$word")
(( ${#COMPREPLY[@]} == 0 )) || printf '%s\n' "${COMPREPLY[@]}"
