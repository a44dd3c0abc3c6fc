# Prints what bash would offer for a line: bash --norc complete.bash SCRIPT LINE
# The variables are those that bash sets while it completes; it cuts words at the letters of COMP_WORDBREAKS.
source "$1"
line=$2
COMP_LINE=$line
COMP_POINT=${#line}
read -ra COMP_WORDS <<< "$(sed 's/[:=]/ & /g' <<< "$line")"
[[ $line == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
compopt() { :; }
_ossvec "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
(( ${#COMPREPLY[@]} == 0 )) || printf '%s\n' "${COMPREPLY[@]}"
